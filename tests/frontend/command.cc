#include "tests/frontend/command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace xarch {

namespace {

constexpr unsigned kSeconds = 20;

[[noreturn]] void start(const std::vector<std::string>& args, const How& how, const int (&pipes)[3][2]) {
  dup2(pipes[0][0], 0);
  dup2(pipes[1][1], 1);
  dup2(pipes[2][1], 2);
  if (!how.output.empty()) dup2(open(how.output.c_str(), O_WRONLY), 1);
  if (how.close_in) close(0);
  if (how.close_out) close(1);
  if (how.close_err) close(2);
  // Nothing of the test runner's.
  for (int fd = 3; fd < 64; fd++) close(fd);
  alarm(kSeconds);
  if (!how.directory.empty() && chdir(how.directory.c_str()) != 0) _exit(98);
  const struct rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  for (const auto& [resource, value] : how.limits) {
    const struct rlimit limit = {value, value};
    setrlimit(static_cast<__rlimit_resource>(resource), &limit);
  }
  if (how.user && (setgid(*how.user) != 0 || setuid(*how.user) != 0)) _exit(97);
  std::vector<char*> argv, envp = {const_cast<char*>("PATH=/usr/bin:/bin")};
  for (const std::string& a : args) argv.push_back(const_cast<char*>(a.c_str()));
  for (const std::string& e : how.env) envp.push_back(const_cast<char*>(e.c_str()));
  argv.push_back(nullptr);
  envp.push_back(nullptr);
  execve(argv[0], argv.data(), envp.data());
  _exit(96);
}

}  // namespace

int Outcome::exit_status() const { return WIFEXITED(status) ? WEXITSTATUS(status) : -1; }
int Outcome::signal() const { return WIFSIGNALED(status) ? WTERMSIG(status) : 0; }

Outcome command(const std::vector<std::string>& args, const How& how) {
  int pipes[3][2];
  for (auto& p : pipes) {
    if (pipe2(p, O_CLOEXEC) != 0) abort();
  }
  const pid_t child = fork();
  if (child == 0) start(args, how, pipes);
  close(pipes[0][0]);
  close(pipes[1][1]);
  close(pipes[2][1]);
  // Inputs are short: the pipe takes them at once.
  if (!how.input.empty() && write(pipes[0][1], how.input.data(), how.input.size()) < 0) abort();
  close(pipes[0][1]);
  Outcome outcome;
  pollfd fds[2] = {{pipes[1][0], POLLIN, 0}, {pipes[2][0], POLLIN, 0}};
  std::string* streams[2] = {&outcome.out, &outcome.err};
  for (int open_streams = 2; open_streams > 0;) {
    poll(fds, 2, -1);
    for (int i = 0; i < 2; i++) {
      if (fds[i].fd < 0 || fds[i].revents == 0) continue;
      char buffer[4096];
      const ssize_t n = read(fds[i].fd, buffer, sizeof buffer);
      if (n > 0) {
        streams[i]->append(buffer, static_cast<size_t>(n));
      } else {
        fds[i].fd = -1;
        --open_streams;
      }
    }
  }
  close(pipes[1][0]);
  close(pipes[2][0]);
  waitpid(child, &outcome.status, 0);
  return outcome;
}

Outcome run(std::vector<std::string> args, const How& how) {
  args.insert(args.begin(), {XARCH, "run"});
  return command(args, how);
}

Scratch::Scratch() {
  char name[] = "/tmp/xarch-frontend-XXXXXX";
  if (mkdtemp(name) == nullptr) abort();
  path_ = name;
  chmod(name, 0755);
}

Scratch::~Scratch() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string Scratch::put(const std::string& name, const std::string& bytes, unsigned mode) const {
  std::string path = path_ + "/" + name;
  std::ofstream(path, std::ios::binary) << bytes;
  chmod(path.c_str(), mode);
  return path;
}

std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::string program(const std::string& kind) { return PROGRAM_DIR "/show-" + kind; }

}  // namespace xarch
