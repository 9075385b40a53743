// `xarch doctor`: what the host offers to foreign programs, what is missing, and the command that mends it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "linux-user/abi.h"
#include "tcg/backend/x86_64/host_features.h"

namespace xarch {

// All that is looked at: tests put together hosts of their own.
struct HostView {
  std::string root;  // in front of the name of every file that is read; empty: the host itself
  std::vector<std::string> directories;          // where people keep programs: the working directory, /tmp, …
  std::vector<std::string> sysroots;             // directories that may be roots of a guest
  std::optional<x86_64::HostFeatures> features;  // none: below what emitted code needs
  bool executable_memory = true;                 // may a process execute what it has written?
  bool kvm = false;                              // may /dev/kvm be opened?
  uint64_t address_space = UINT64_MAX;           // RLIMIT_AS in bytes
};

enum class State {
  kOk,
  kMissing,  // something is slower, or needs another way
  kFatal,    // foreign programs cannot run
};

struct Finding {
  std::string subject;  // a word or two
  State state;
  std::string text;     // what was found, and what it is for
  std::string command;  // that mends it; empty if none does
};

// This host as it is.
HostView this_host();

std::vector<Finding> examine(const HostView& host, std::span<const linux_user::AbiFactory> guests);

// The findings as text, a line each and one for the command.
std::string describe(std::span<const Finding> findings);

// `xarch doctor words…`. 0: foreign programs run here; 1: they do not; 2: wrong command line.
int doctor_command(std::span<char*> words);

}  // namespace xarch
