#include "frontend/targets.h"

#include "targets/arm/user/abi.h"

namespace xarch {

namespace {

constexpr linux_user::AbiFactory kLinuxGuests[] = {
    arm::kArm64Abi,
};

}  // namespace

std::span<const linux_user::AbiFactory> linux_guests() { return kLinuxGuests; }

}  // namespace xarch
