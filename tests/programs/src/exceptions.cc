// C++: exceptions through frames and threads, destructors, run-time types, containers, static initialization.
#include <algorithm>
#include <exception>
#include <functional>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <numeric>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

int alive = 0;

struct Tracked {
  Tracked() { ++alive; }
  Tracked(const Tracked&) { ++alive; }
  ~Tracked() { --alive; }
};

struct Base {
  virtual ~Base() = default;
  virtual std::string name() const { return "base"; }
};
struct Derived : Base {
  std::string name() const override { return "derived"; }
};
struct Other : virtual Base {
  std::string name() const override { return "other"; }
};

struct OwnError : std::runtime_error {
  explicit OwnError(int c) : std::runtime_error("own " + std::to_string(c)), code(c) {}
  int code;
};

int descend(int depth) {
  Tracked here;
  if (depth == 0) throw OwnError(alive);
  return descend(depth - 1) + alive;
}

void throwing() {
  for (int depth : {0, 1, 10, 200}) {
    try {
      descend(depth);
    } catch (const std::exception& e) {
      std::cout << e.what() << " alive " << alive << "\n";
    }
  }
  long sum = 0;
  for (int i = 0; i < 2000; i++) {
    try {
      if (i % 3 == 0) throw i;
      if (i % 3 == 1) throw std::to_string(i);
      throw OwnError(i);
    } catch (int n) {
      sum += n;
    } catch (const std::string& s) {
      sum += static_cast<long>(s.size());
    } catch (const OwnError& e) {
      sum -= e.code;
    }
  }
  std::cout << "thrown " << sum << "\n";
}

void nested() {
  try {
    try {
      throw std::out_of_range("inner");
    } catch (...) {
      std::throw_with_nested(std::logic_error("outer"));
    }
  } catch (const std::exception& e) {
    std::cout << e.what();
    try {
      std::rethrow_if_nested(e);
    } catch (const std::exception& inner) {
      std::cout << " <- " << inner.what() << "\n";
    }
  }
  try {
    std::vector<int>(3).at(7);
  } catch (const std::out_of_range&) {
    std::cout << "out of range\n";
  }
}

void types() {
  std::vector<std::unique_ptr<Base>> all;
  all.push_back(std::make_unique<Base>());
  all.push_back(std::make_unique<Derived>());
  all.push_back(std::make_unique<Other>());
  for (const auto& b : all) {
    std::cout << b->name() << (dynamic_cast<Derived*>(b.get()) != nullptr ? " is derived" : "") << "\n";
  }
  try {
    (void)dynamic_cast<Derived&>(*all[2]);
  } catch (const std::bad_cast&) {
    std::cout << "bad cast\n";
  }
}

void containers() {
  std::map<std::string, int> counts;
  std::istringstream in("the quick brown fox jumps over the lazy dog the end");
  for (std::string w; in >> w;) ++counts[w];
  for (const auto& [w, n] : counts) std::cout << w << '=' << n << ' ';
  std::vector<int> v(1000);
  std::iota(v.begin(), v.end(), 0);
  std::sort(v.begin(), v.end(), [](int a, int b) { return a * 7919 % 1000 < b * 7919 % 1000; });
  std::function<int(int)> fib = [&](int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); };
  std::cout << "\n" << v[10] << ' ' << v[999] << ' ' << fib(18) << "\n";
}

void threads() {
  auto failing = std::async(std::launch::async, []() -> int { throw OwnError(99); });
  try {
    failing.get();
  } catch (const OwnError& e) {
    std::cout << "from a thread: " << e.what() << "\n";
  }
  std::vector<std::thread> all;
  std::vector<int> caught(4);
  for (int t = 0; t < 4; t++) {
    all.emplace_back([t, &caught] {
      for (int i = 0; i < 200; i++) {
        try {
          throw t;
        } catch (int n) {
          caught[t] += n + 1;
        }
      }
    });
  }
  for (auto& t : all) t.join();
  for (int n : caught) std::cout << n << ' ';
  std::cout << "\n";
}

}  // namespace

int main() {
  throwing();
  nested();
  types();
  containers();
  threads();
  std::cout << "alive " << alive << std::endl;
  throw OwnError(1);  // nobody catches it: SIGABRT, and a line on standard error
}
