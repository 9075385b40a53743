# g++ compiles, assembles and links 200 files, two at a time; then one is changed; then errors.
cp -r /tmp/data/project project && cd project
make -s -j2 && ./program && make -q && echo 'up to date'
touch part7.cc && make -j2 | sort
echo 'int broken(' >> part3.cc; make -s -k part3.o 2>&1 | grep -v instantiated; echo "${PIPESTATUS[0]}"
