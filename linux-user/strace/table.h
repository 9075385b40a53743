// The table of how calls are shown: strace.def, compiled.
#pragma once

#include <cstdint>

#include "linux-user/strace/settings.h"
#include "linux-user/syscall_id.h"

namespace xarch::linux_user {

namespace strace {
class View;
struct NameTable;
struct ArgShow;
// Writes argument i of the call.
using ShowFn = void (*)(View& view, unsigned i, const ArgShow& how);

struct ArgShow {
  ShowFn show = nullptr;
  const NameTable* names = nullptr;
  uint8_t n = 0;      // another argument that says more: a length, flags
  bool out = false;   // filled by the kernel: shown when the call is over
  bool rest = false;  // shows all that is left, commas included; the last of its row
  bool aux = false;   // called again when the call is over, to say more behind the result (View::aux)
  // Remembers what will be overwritten (View::entry_word); before the call.
  ShowFn before = nullptr;
};

enum class ResultKind : uint8_t { kDecimal, kHex, kOctal, kFd, kUnsigned };
}  // namespace strace

struct StraceRow {
  uint32_t classes;  // StraceClass
  strace::ResultKind result;
  strace::ArgShow args[6];
};

const StraceRow& strace_row(SyscallId id);

}  // namespace xarch::linux_user
