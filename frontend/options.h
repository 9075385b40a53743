// Command lines: tables of options, and a parser for them. Written by hand because it stands in the way of
// every start of a foreign program: parsing costs a few microseconds and no allocation that the run does not
// need.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tcg/support/result.h"

namespace xarch {

// What an option asks for, whatever it is called.
enum class OptionId {
  kHelp,
  kVersion,
  kSysroot,
  kSetEnv,
  kUnsetEnv,
  kArgv0,
  kCpu,
  kStack,
  kUname,
  kGuestBase,
  kJitCacheSize,
  kBackend,
  kStrace,
  kStraceFlag,        // -T -t -tt -y -c and their kin: the option's name says which
  kStraceExpression,  // -e
  kStraceLimit,
  kStraceOutput,
  kTrace,
  kLogFile,
  kStats,
  kPerf,
  kPerfDirectory,
  kRefused,  // known by this name to people, and not there: better said than ignored
};

struct OptionSpec {
  std::string_view name;   // with its dashes: "-L", "--cpu", "-strace"
  std::string_view value;  // what the value is called in the help; empty: takes none
  OptionId id;
  std::string_view help;
  const char* env = nullptr;  // environment variable that means the same, read before the command line
};

struct GivenOption {
  const OptionSpec* spec;
  std::string_view value;  // empty if it takes none
};

struct CommandLine {
  std::vector<GivenOption> options;  // in the order they take effect; those of the environment first
  std::span<char*> rest;             // from the first word that is no option on
};

// Reads options up to the first word that is none, or past a "--". A value may follow as the next word, after
// '=' (long names) or directly (single letters). With `double_dash_too` (long names have one dash), "--name"
// is read as "-name" and letters' values don't join. The error is one line that names the nearest known
// option.
Result<CommandLine> parse_options(std::span<const OptionSpec> specs, std::span<char*> words,
                                  bool double_dash_too);

// The options as lines of a help text.
std::string describe_options(std::span<const OptionSpec> specs);

// Of `names`, the one that `word` was probably meant to be; empty if none is near.
std::string_view nearest_name(std::string_view word, std::span<const std::string_view> names);

// A byte count: decimal or 0x…, with an optional K, M or G. The error names the option.
Result<uint64_t> parse_size(std::string_view option, std::string_view text);

}  // namespace xarch
