// The guests this program is built with: the one place that names concrete targets.
#pragma once

#include <span>

#include "linux-user/abi.h"

namespace xarch {

// Linux processes of these can be run. The order is the one they are listed in.
std::span<const linux_user::AbiFactory> linux_guests();

}  // namespace xarch
