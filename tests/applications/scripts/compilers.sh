# gcc and g++: languages, levels, static and shared, link-time optimization, sanitized warnings; as, ld, ar, nm, strip.
cat > a.c <<'C'
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static int compare(const void* a, const void* b) { return strcmp(*(char* const*)a, *(char* const*)b); }
int main(int argc, char** argv) {
  qsort(argv + 1, (size_t)argc - 1, sizeof *argv, compare);
  for (int i = 1; i < argc; i++) printf("%s ", argv[i]);
  double s = 0;
  for (int i = 1; i < 1000; i++) s += sin(i) / i;
  printf("%.10f %zu\n", s, sizeof(void*));
  return argc;
}
C
cat > b.cc <<'C'
#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
template <class T> T power(T x, unsigned n) { return n == 0 ? T(1) : n % 2 ? x * power(x, n - 1) : power(x * x, n / 2); }
int main() {
  std::map<std::string, std::vector<int>> m;
  for (int i = 0; i < 100; i++) m["key" + std::to_string(i % 7)].push_back(i);
  for (auto& [k, v] : m) std::cout << k << ' ' << v.size() << ' ' << *std::max_element(v.begin(), v.end()) << '\n';
  std::smatch found;
  std::string s = "alpha=12, beta=345";
  if (std::regex_search(s, found, std::regex("(\\w+)=(\\d{3})"))) std::cout << found[1] << power(3L, 30) << '\n';
  std::vector<std::thread> t;
  std::vector<long> sums(4);
  for (int i = 0; i < 4; i++) t.emplace_back([&, i] { for (long j = 0; j < 10000; j++) sums[i] += j * i; });
  for (auto& x : t) x.join();
  std::ostringstream o;
  for (long x : sums) o << x << ',';
  std::cout << o.str() << '\n';
  try { throw std::out_of_range("thrown"); } catch (const std::exception& e) { std::cout << e.what() << '\n'; }
}
C
for o in "-O0 -g" -O1 -O2 "-O3 -flto" -Os "-static -O2" "-pie -fPIE -fstack-protector-strong"; do
  # shellcheck disable=SC2086
  gcc $o -o a a.c -lm && ./a c b a; echo "$o $?"
done
g++ -std=c++17 -O1 -pthread -o b b.cc && ./b
echo 'int f(int x) { return x * 3; }' > f.c && gcc -c -fPIC f.c && gcc -shared -o libf.so f.o && ar rcs libf.a f.o && ranlib libf.a
echo 'int f(int); int main(void) { return f(7); }' > g.c && gcc g.c -L. -lf -o g && LD_LIBRARY_PATH=. ./g; echo $?
gcc g.c libf.a -o g && strip g && ./g; echo $?; ar t libf.a; nm libf.a | awk '{print $NF}'
gcc -E -P -x c - <<< $'#define A(x) #x\nA(b c) __LINE__' ; gcc -Wall -Wextra -c -x c - -o /dev/null <<< 'int f(int x) { int y; return; }'; echo $?
gcc -o h nothing.c 2>&1; echo $?; gcc g.c -o h 2>&1 | grep -c undefined
g++ -fsyntax-only -x c++ - <<< 'template <class T> void f() { T::g(); } int main() { f<int>(); }' 2>&1 | head -n 3
