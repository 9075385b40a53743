// Runs a guest's floating-point instructions under qemu: a program of guest/ reads cases and writes answers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace xarch::test {

struct GuestCase {
  uint64_t op = 0, mode = 0, n[2] = {}, m[2] = {}, d[2] = {};
};
struct GuestAnswer {
  uint64_t r[2] = {}, flags = 0;
};

// command: the emulator and the program. swap: the guest's words have the other byte order. Fewer answers
// than cases if it fails.
std::vector<GuestAnswer> run_guest(const std::string& command, const std::vector<GuestCase>& cases,
                                   bool swap = false);

}  // namespace xarch::test
