// Running the commands under test.
#pragma once

#include <sys/resource.h>

#include <optional>
#include <string>
#include <vector>

namespace xarch {

struct Outcome {
  int status = 0;  // of waitpid
  std::string out, err;

  int exit_status() const;  // -1 if it did not exit
  int signal() const;       // that ended it; 0 if none did
};

struct How {
  std::vector<std::string> env = {};  // besides PATH=/usr/bin:/bin
  std::string input = {};             // standard input's bytes
  std::string output = {};            // a file instead of the pipe that Outcome::out reads
  std::string directory = {};         // to start in
  bool close_in = false, close_out = false, close_err = false;
  std::optional<unsigned> user = {};                // to run as; only root can
  std::vector<std::pair<int, rlim_t>> limits = {};  // RLIMIT_*, soft and hard
};

// Runs args[0] (a path) with a time limit; a run that exceeds it ends by SIGKILL.
Outcome command(const std::vector<std::string>& args, const How& how = {});

// `xarch run args…`
Outcome run(std::vector<std::string> args, const How& how = {});

// A directory that is removed at the end, and files in it.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  // Makes a file; returns its path.
  std::string put(const std::string& name, const std::string& bytes, unsigned mode = 0755) const;

 private:
  std::string path_;
};

std::string contents(const std::string& path);

// The guest program built from programs/show.c: "static", "dynamic", "mips" (which is hello.S).
std::string program(const std::string& kind);

}  // namespace xarch
