// xarch: what people type. Chooses the command and hands over.
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "frontend/binfmt.h"
#include "frontend/doctor.h"
#include "frontend/options.h"
#include "frontend/run_command.h"
#include "frontend/start.h"

namespace {

struct Command {
  std::string_view name;
  std::string_view help;
  int (*run)(std::span<char*> words);  // null: not in this build
};

constexpr Command kCommands[] = {
    {"run", "run a Linux program that was built for another processor", xarch::run_command},
    {"vm", "run a whole machine", nullptr},
    {"test", "run a project's cross-compiled tests", nullptr},
    {"binfmt", "register foreign programs with the kernel", xarch::binfmt_command},
    {"cache", "look after kept translations", nullptr},
    {"img", "handle disk images", nullptr},
    {"doctor", "find out what this system lacks", xarch::doctor_command},
};

constexpr int kWrongUsage = 2;

// The status after something was printed on stdout: 0 only if it arrived.
int written() {
  if (fflush(stdout) == 0 && ferror(stdout) == 0) return 0;
  fprintf(stderr, "xarch: cannot write to stdout: %s\n", strerror(errno));
  return 1;
}

int help(FILE* out) {
  fprintf(out,
          "usage: xarch COMMAND …\n\n"
          "Runs programs that were built for another processor.\n\n");
  for (const Command& c : kCommands) {
    if (c.run != nullptr)
      fprintf(out, "  %-10.*s%.*s\n", int(c.name.size()), c.name.data(), int(c.help.size()), c.help.data());
  }
  fprintf(out,
          "\n  xarch run ./program-for-arm64\n"
          "  xarch run -L build/roots/arm64 build/roots/arm64/bin/bash\n\n"
          "`xarch COMMAND --help` tells more. --version shows the version.\n");
  if (out != stdout) return kWrongUsage;
  return written();
}

int unknown(std::string_view word) {
  std::string line = "xarch: unknown command " + std::string(word);
  std::string_view names[std::size(kCommands)];
  for (size_t i = 0; i < std::size(kCommands); i++) names[i] = kCommands[i].name;
  if (std::string_view near = xarch::nearest_name(word, names); !near.empty()) {
    line += "; did you mean " + std::string(near) + "?";
  } else if (access(std::string(word).c_str(), F_OK) == 0) {
    line += "; to run that file: xarch run " + std::string(word);
  } else {
    line += "; xarch --help lists them";
  }
  fprintf(stderr, "%s\n", line.c_str());
  return kWrongUsage;
}

}  // namespace

int main(int argc, char** argv) {
  if (const int status = xarch::run_if_started_for_program(argc, argv); status >= 0) return status;
  std::span<char*> words(argv, static_cast<size_t>(argc));
  if (words.empty()) return help(stderr);
  std::string_view name = words[0];
  name.remove_prefix(name.rfind('/') + 1);
  words = words.subspan(1);
  if (xarch::is_qemu_name(name)) return xarch::qemu_command(name, words);
  if (words.empty()) return help(stderr);

  std::string_view word = words[0];
  if (word == "--help" || word == "-h" || word == "help") return help(stdout);
  if (word == "--version" || word == "-V") {
    printf("%s\n", std::string(xarch::version_text()).c_str());
    return written();
  }
  for (const Command& c : kCommands) {
    if (c.name != word) continue;
    if (c.run != nullptr) return c.run(words.subspan(1));
    fprintf(stderr, "xarch: this build has no command %s yet\n", std::string(word).c_str());
    return kWrongUsage;
  }
  return unknown(word);
}
