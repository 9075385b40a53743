# Configure, build, install, test with ctest, and what CMake says of errors.
cp -r /tmp/data/small project && cd project && export CXX=g++ CC=gcc
cat >> CMakeLists.txt <<'C'
enable_testing()
add_library(shared SHARED part1.cc part2.cc)
add_custom_command(OUTPUT made.txt COMMAND ${CMAKE_COMMAND} -E echo made > made.txt DEPENDS main.cc)
add_custom_target(extra ALL DEPENDS made.txt)
add_test(NAME runs COMMAND program)
add_test(NAME fails COMMAND ${CMAKE_COMMAND} -E false)
install(TARGETS program shared)
configure_file(part.h copy.h COPYONLY)
file(GLOB found part*.cc)
list(LENGTH found count)
message(STATUS "${CMAKE_CXX_COMPILER_ID} ${count} ${CMAKE_SIZEOF_VOID_P}")
C
cmake -B build -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=/tmp/installed . | sed '/Configuring done/,$d'
cmake --build build -j2 | sed 's/^\[ *[0-9]*%\] //' | sort | uniq -c
build/program; cat build/made.txt
(cd build && ctest 2>&1 | sed 's/ *[0-9.]* sec.*//' | grep -v -e 'Test project' -e 'Total Test'); cmake --install build | sort
cmake -P /dev/stdin <<< 'string(REGEX REPLACE "a(b+)" "<\\1>" x "xabbby") math(EXPR y "3*7+1") message("${x} ${y}") string(SHA256 z "${x}") message(${z})' 2>&1
cmake -B other -DCMAKE_CXX_COMPILER=/no/such . 2>&1 | sed -n 1,8p; echo "${PIPESTATUS[0]}"
