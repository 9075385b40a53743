// Numbers of o32 that are not the host's: errors, open and mmap flags.
#pragma once

namespace xarch::mips {

// o32's number of a host error.
int errno_to_o32(int host);
// Unknown bits are dropped.
int open_flags_from_o32(int flags);
int open_flags_to_o32(int flags);
// Unknown bits are dropped; the mapping type stays as it is.
int map_flags_from_o32(int flags);

}  // namespace xarch::mips
