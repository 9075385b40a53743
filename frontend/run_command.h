// The commands that start one foreign Linux program: `xarch run`, and the names people know from qemu-user.
#pragma once

#include <span>
#include <string_view>

namespace xarch {

// `xarch run words…`. Returns the status to exit with: the program's, 2 for a wrong command line, 126 or 127
// if the program cannot be started; each of these after one line on stderr.
int run_command(std::span<char*> words);

// This program called as `name`, which is qemu-GUEST or qemu-GUEST-static: words are its arguments. Wrong
// options end with 1, as they do there.
int qemu_command(std::string_view name, std::span<char*> words);

// Is this the base name of a program that qemu_command answers to?
bool is_qemu_name(std::string_view name);

// What `xarch --version` prints, without a newline.
std::string_view version_text();

}  // namespace xarch
