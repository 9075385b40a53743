// Foreign programs and the kernel: what binfmt_misc is told, so that it starts them with xarch.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "linux-user/abi.h"

namespace xarch {

// What is registered unless --flags says otherwise: P: the program gets the argv[0] its caller gave; O: the
// kernel opens it; C: set-id programs get their rights; F: xarch is opened now, and works in every chroot and
// container.
inline constexpr std::string_view kBinfmtFlags = "POCF";

// The name of a guest's registration: a file of this name appears in /proc/sys/fs/binfmt_misc.
std::string binfmt_name(const linux_user::AbiFactory& guest);

// The line that registers a guest (Documentation/admin-guide/binfmt-misc.rst of the kernel), without a
// newline: as a file in /etc/binfmt.d has it, too. program: absolute path.
std::string binfmt_line(const linux_user::AbiFactory& guest, std::string_view program,
                        std::string_view flags);

// The file to register: xarch-run beside this program, or this program.
std::string binfmt_program();

// `xarch binfmt words…`: shows the lines, registers, or takes back. Status as of a command.
int binfmt_command(std::span<char*> words);

}  // namespace xarch
