#include "frontend/binfmt.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "frontend/options.h"
#include "frontend/targets.h"
#include "linux-user/elf_image.h"

namespace xarch {

namespace {

constexpr std::string_view kDirectory = "/proc/sys/fs/binfmt_misc";
constexpr int kWrongUsage = 2;

void append_byte(std::string* to, unsigned byte) {
  char text[5];
  snprintf(text, sizeof text, "\\x%02x", byte);
  *to += text;
}

int complain(const std::string& text, int status = 1) {
  fprintf(stderr, "xarch: binfmt: %s\n", text.c_str());
  return status;
}

// Writes to a file of the kernel's in one call; 0 or an errno.
int write_file(const std::string& path, const std::string& text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  const int error = write(fd, text.data(), text.size()) < 0 ? errno : 0;
  close(fd);
  return error;
}

int cannot_write(int error) {
  const std::string where(kDirectory);
  if (error == ENOENT)
    return complain(where + " is not mounted; mount -t binfmt_misc binfmt_misc " + where + " (as root)");
  if (error == EACCES || error == EPERM || error == EROFS)
    return complain("only root may register: sudo xarch binfmt --register");
  return complain(where + ": " + strerror(error));
}

enum class Action { kShow, kRegister, kUnregister };

int act(Action action, const std::string& program, const std::string& flags) {
  for (const linux_user::AbiFactory& guest : linux_guests()) {
    // The kernel starts programs for its own processor itself.
    if (linux_user::native_machine(guest.elf_machine, guest.big_endian)) continue;
    const std::string line = binfmt_line(guest, program, flags);
    if (action == Action::kShow) {
      printf("%s\n", line.c_str());
      continue;
    }
    const std::string entry = std::string(kDirectory) + "/" + binfmt_name(guest);
    // An earlier registration goes: it may be of another file.
    const bool there = access(entry.c_str(), F_OK) == 0;
    if (const int error = there ? write_file(entry, "-1") : 0; error != 0) return cannot_write(error);
    if (action == Action::kUnregister) continue;
    if (const int error = write_file(std::string(kDirectory) + "/register", line); error != 0)
      return cannot_write(error);
  }
  if (fflush(stdout) != 0) return complain(std::string("cannot write to stdout: ") + strerror(errno));
  return 0;
}

constexpr std::string_view kUsage =
    "usage: xarch binfmt [OPTION…]\n\n"
    "Lets the kernel start foreign programs (binfmt_misc). Without options: shows the lines that do, as a "
    "file\n"
    "/etc/binfmt.d/xarch.conf keeps them over a restart.\n\n"
    "  --register       register now, until the next restart; root only\n"
    "  --unregister     take it back\n"
    "  --program FILE   register this copy of xarch-run\n"
    "  --flags FLAGS    of P O C F, all by default. F: works in chroots and containers. C: set-id programs "
    "get\n"
    "                   their rights. P: the caller's argv[0] is kept. O: programs that may only be "
    "executed\n"
    "  --help           this text\n";

}  // namespace

std::string binfmt_name(const linux_user::AbiFactory& guest) { return "xarch-" + std::string(guest.name); }

std::string binfmt_line(const linux_user::AbiFactory& guest, std::string_view program,
                        std::string_view flags) {
  // The ELF header up to e_machine: class, byte order and machine are the guest's; any ABI version, and the
  // ABIs of System V and GNU; executables and shared objects.
  const auto half = [&](unsigned v, unsigned i) { return v >> 8 * (guest.big_endian ? 1 - i : i) & 0xff; };
  unsigned magic[20] = {0x7f, 'E', 'L', 'F', guest.elf_class, guest.big_endian ? 2u : 1u, 1};
  unsigned mask[20] = {};
  for (unsigned i = 0; i < 20; ++i) mask[i] = i == 8 ? 0 : i == 7 ? 0xfc : 0xff;
  for (unsigned i = 0; i < 2; ++i) {
    magic[16 + i] = half(2, i);
    mask[16 + i] = half(0xfffe, i);
    magic[18 + i] = half(guest.elf_machine, i);
  }
  std::string line = ":" + binfmt_name(guest) + ":M::";
  for (const unsigned b : magic) append_byte(&line, b);
  line += ':';
  for (const unsigned b : mask) append_byte(&line, b);
  return line + ":" + std::string(program) + ":" + std::string(flags);
}

std::string binfmt_program() {
  char own[PATH_MAX];
  const ssize_t n = readlink("/proc/self/exe", own, sizeof own);
  if (n < 0) return "xarch-run";
  const std::string path(own, static_cast<size_t>(n));
  const std::string beside = path.substr(0, path.rfind('/')) + "/xarch-run";
  return access(beside.c_str(), X_OK) == 0 ? beside : path;
}

int binfmt_command(std::span<char*> words) {
  Action action = Action::kShow;
  std::string program = binfmt_program();
  std::string flags(kBinfmtFlags);
  constexpr std::string_view kNames[] = {"--register", "--unregister", "--program", "--flags", "--help"};
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "--help" || word == "-h") {
      fputs(std::string(kUsage).c_str(), stdout);
      return fflush(stdout) == 0 ? 0 : 1;
    }
    if (word == "--register" || word == "--unregister") {
      action = word == "--register" ? Action::kRegister : Action::kUnregister;
    } else if (word == "--program" || word == "--flags") {
      if (i + 1 == words.size()) return complain(std::string(word) + " needs a value", kWrongUsage);
      (word == "--program" ? program : flags) = words[++i];
    } else {
      const std::string_view near = nearest_name(word, kNames);
      return complain(
          "unknown option " + std::string(word) +
              (near.empty() ? "; --help lists them" : "; did you mean " + std::string(near) + "?"),
          kWrongUsage);
    }
  }
  if (flags.find_first_not_of("POCF") != std::string::npos)
    return complain("--flags " + flags + ": there are P, O, C and F", kWrongUsage);
  char resolved[PATH_MAX];
  if (realpath(program.c_str(), resolved) == nullptr || access(resolved, X_OK) != 0)
    return complain(program + ": " + strerror(errno));
  if (strchr(resolved, ':') != nullptr) return complain(program + ": the kernel takes no path with a colon");
  return act(action, resolved, flags);
}

}  // namespace xarch
