#include "frontend/targets.h"

#include "targets/arm/user/abi.h"
#include "targets/mips/user/abi.h"
#include "targets/x86/user/abi.h"

namespace xarch {

namespace {

constexpr linux_user::AbiFactory kLinuxGuests[] = {
    arm::kArm64Abi,
    mips::kMipsAbi,
    x86::kX86_64Abi,
    x86::kI386Abi,
};

}  // namespace

std::span<const linux_user::AbiFactory> linux_guests() { return kLinuxGuests; }

}  // namespace xarch
