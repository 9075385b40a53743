// Running a program under `xarch run --strace`, and its log in a form that is the same every time.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace xarch {

struct Traced {
  std::string out;  // stdout and stderr of the run
  std::string log;  // of -o
  int status = 0;   // of waitpid
};

// `xarch run options… PROGRAM_DIR/program argument`, in an empty directory, with a fixed umask. The log goes
// to a file if the options say `-o LOG`.
Traced traced(const std::string& options, const std::string& program, const std::string& argument = "");

// Addresses, numbers of processes, and what else depends on machine and user, in words that stay the same:
// ADDR, P1, P2, ….
std::string normalized(const std::string& log);

// The lines of each thread (log of -o, normalized), put together where others came in between, by its name.
std::map<std::string, std::vector<std::string>> by_thread(const std::string& log);

// The calls of the group itself: what stands between the two getppid.
std::string group(const std::vector<std::string>& lines);

std::string file_text(const std::string& path);

}  // namespace xarch
