// The Linux ABIs of x86.
#pragma once

#include <memory>
#include <string>

#include "linux-user/abi.h"

namespace xarch::x86 {

// The x86-64 ABI with this CPU model (empty: the default one); the error names the models there are.
Result<std::unique_ptr<linux_user::UserAbi>> make_x86_64_abi(std::string_view cpu);

// Names of the CPU models that can run x86-64 programs, separated by ", ".
std::string x86_64_models();

// The same of i386.
Result<std::unique_ptr<linux_user::UserAbi>> make_i386_abi(std::string_view cpu);
std::string i386_models();

// For the list of guests a program is built with.
inline constexpr linux_user::AbiFactory kI386Abi = {3, 1, false, "i386", make_i386_abi, i386_models};
inline constexpr linux_user::AbiFactory kX86_64Abi = {62, 2, false, "x86_64", make_x86_64_abi, x86_64_models};

}  // namespace xarch::x86
