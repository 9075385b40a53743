// A system call: its row in the table, and what a handler gets and returns.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "linux-user/abi.h"
#include "linux-user/layout.h"
#include "linux-user/syscall_id.h"

namespace xarch::linux_user {

class Thread;

// What an argument is: for the check that pointers lie in the guest's address space (EFAULT), and
// for telling the engine where the kernel writes.
enum class ArgKind : uint8_t {
  kNone,
  kInt,   // signed decimal
  kUint,  // unsigned decimal
  kHex,
  kOctal,
  kFd,    // a descriptor; AT_FDCWD
  kOpen,  // open flags
  kProt,
  kMapFlags,
  kSignal,
  kClock,  // clock id
  // Pointers, from here on.
  kPath,      // to a path, goes through the sysroot; followed at its end
  kPathNo,    // not followed at its end
  kPathAt,    // followed unless AT_SYMLINK_NOFOLLOW stands in argument `bytes`
  kPathLink,  // not followed unless AT_SYMLINK_FOLLOW stands in argument `bytes`
  kString,    // to another string
  kPtr,       // address the handler itself deals with
  kIn,        // pointer to `bytes` bytes the kernel reads; null allowed
  kOut,       // pointer to `bytes` bytes the kernel writes; null allowed
  kInOut,
  kBufIn,   // buffer the kernel reads; length in argument `bytes`
  kBufOut,  // buffer the kernel writes; length in argument `bytes`
};

struct Arg {
  ArgKind kind = ArgKind::kNone;
  uint16_t bytes = 0;                 // see ArgKind
  StructId layout = StructId::kNone;  // of kIn, kOut, kInOut: a struct whose layout depends on the ABI
};

enum class Support : uint8_t {
  kFull,     // as Linux has it
  kPartial,  // `reason` says what is missing
  kRefused,  // ENOSYS or EPERM by decision, `reason` says why
};

// What becomes of a host call that a signal interrupted.
enum class Restart : uint8_t {
  kNever,   // does not block, or EINTR is always the answer
  kSys,     // made again after a handler with SA_RESTART, and when no handler ran (ERESTARTSYS)
  kNoHand,  // made again only if no handler ran (ERESTARTNOHAND)
};

struct Call;
// The result: >= 0, -errno, or one of the codes below. Pointers among the arguments are the guest's.
using Handler = int64_t (*)(Call& call);

struct SyscallRow {
  std::string_view name;
  Handler handler;
  int host_number;  // of the host's call with the same name, -1 if it has none
  Restart restart;
  Support support;
  std::string_view reason;
  Arg args[6];
};

// Row of an id; SyscallId::kNone has none.
const SyscallRow& syscall_row(SyscallId id);

// A call in progress.
struct Call {
  Thread& thread;
  const SyscallRow& row;
  SyscallRegs regs;

  uint64_t arg(unsigned i) const { return regs.arg[i]; }
  int fd(unsigned i) const { return static_cast<int>(regs.arg[i]); }
  int32_t i32(unsigned i) const { return static_cast<int32_t>(regs.arg[i]); }
  uint32_t u32(unsigned i) const { return static_cast<uint32_t>(regs.arg[i]); }
  // Host address of a guest pointer argument, for handing to the kernel; null stays null.
  long host(unsigned i) const;
};

// Internal results, the kernel's own numbers; the thread's loop turns them into restarts or EINTR.
inline constexpr int64_t kRestartSys = -512;
inline constexpr int64_t kRestartNoIntr = -513;
inline constexpr int64_t kRestartNoHand = -514;
// As kRestartNoHand, and the call goes on with Thread::restart_block's state (remaining times).
inline constexpr int64_t kRestartBlock = -516;
// The handler has set the registers itself (rt_sigreturn, execve that replaced the program).
inline constexpr int64_t kRegistersSet = -600;

// Makes one system call of a guest thread; its result as above.
int64_t dispatch_syscall(Thread& thread, const SyscallRegs& regs);

// Makes a call of another kind with these arguments, whose pointers are checked as its row says.
int64_t make_call(Thread& thread, SyscallId id, const SyscallRegs& regs);
// The same call by another row's handler, with these arguments and zeros; what the kernel checks of pointers
// has been checked by the call's own row.
int64_t call_as(Call& call, SyscallId id, std::initializer_list<uint64_t> args);
// A word of a 32-bit ABI as an argument of this kind: signed ones are extended as the kernel does.
constexpr uint64_t extend_argument(ArgKind kind, uint64_t word) {
  const bool is_signed = kind == ArgKind::kInt || kind == ArgKind::kFd;
  return is_signed ? static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(word)))
                   : static_cast<uint32_t>(word);
}

// Positions in directories of file systems that hash names (ext4) have 63 bits, and 32-bit programs no room
// for them: they get the upper half, as the kernel gives it to programs of its own 32-bit ABIs.
constexpr uint32_t fold_position(uint64_t position) {
  return static_cast<uint32_t>(position > INT32_MAX ? position >> 32 : position);
}

// ---- handlers that rows share
// The host's call with the same arguments; pointers become the host's by their kinds.
int64_t sys_pass(Call& call);
// The same for calls that may block: an event is not lost, EINTR becomes what the row's Restart says.
int64_t sys_block(Call& call);
// ENOSYS or EPERM with the row's reason, named once in the log.
int64_t sys_refuse(Call& call);
int64_t sys_not_permitted(Call& call);

// A host call that does not block; -errno on failure.
long host_call(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0);
// A host call that may block, made so that an event cannot slip past it, with the thread parked. EINTR and
// "not entered" come back as `interrupted`.
int64_t host_block(Thread& thread, int64_t interrupted, long number, long a = 0, long b = 0, long c = 0,
                   long d = 0, long e = 0, long f = 0);

#define SYSCALL(name, handler, ...) int64_t handler(Call& call);
#include "linux-user/syscalls.def"
#undef SYSCALL

}  // namespace xarch::linux_user
