#include "linux-user/syscall.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <optional>
#include <string>

#include "linux-user/proc_files.h"
#include "linux-user/stats.h"
#include "linux-user/strace/strace.h"
#include "linux-user/thread.h"
#include "tcg/support/log.h"

// Calls of other architectures that the host does not have get numbers that no call has.
#ifndef SYS_sync_file_range2
#define SYS_sync_file_range2 (-1)
#endif

namespace xarch::linux_user {

namespace row {
// What the argument columns of syscalls.def mean.
constexpr Arg Int{ArgKind::kInt}, Uint{ArgKind::kUint}, Hex{ArgKind::kHex}, Octal{ArgKind::kOctal},
    Fd{ArgKind::kFd}, Path{ArgKind::kPath}, PathNo{ArgKind::kPathNo}, String{ArgKind::kString},
    Open{ArgKind::kOpen}, Prot{ArgKind::kProt}, MapFlags{ArgKind::kMapFlags}, Signal{ArgKind::kSignal},
    Clock{ArgKind::kClock}, Ptr{ArgKind::kPtr};
constexpr Arg PathAt(uint16_t n) { return {ArgKind::kPathAt, n}; }
constexpr Arg PathLink(uint16_t n) { return {ArgKind::kPathLink, n}; }
constexpr Arg In(uint16_t n) { return {ArgKind::kIn, n}; }
constexpr Arg Out(uint16_t n) { return {ArgKind::kOut, n}; }
constexpr Arg InOut(uint16_t n) { return {ArgKind::kInOut, n}; }
constexpr Arg BufIn(uint16_t n) { return {ArgKind::kBufIn, n}; }
constexpr Arg BufOut(uint16_t n) { return {ArgKind::kBufOut, n}; }
#define STRUCT(name, type) constexpr StructId name = StructId::k_##name;
#include "linux-user/structs.def"
#undef STRUCT
constexpr Arg InS(StructId id) { return {ArgKind::kIn, host_bytes(id), id}; }
constexpr Arg OutS(StructId id) { return {ArgKind::kOut, host_bytes(id), id}; }
constexpr Arg InOutS(StructId id) { return {ArgKind::kInOut, host_bytes(id), id}; }

constexpr SyscallRow kRows[] = {
    {"", nullptr, -1, Restart::kNever, Support::kRefused, "", {}},
#define SYSCALL(name, handler, restart, support, reason, ...) \
  {#name, handler, SYS_##name, Restart::restart, Support::support, reason, {__VA_ARGS__}},
#define OLD_SYSCALL(name, handler, restart, support, reason, ...) \
  {#name, handler, -1, Restart::restart, Support::support, reason, {__VA_ARGS__}},
#include "linux-user/syscalls.def"
#undef SYSCALL
};
static_assert(std::size(kRows) == static_cast<size_t>(SyscallId::kCount));
}  // namespace row

const SyscallRow& syscall_row(SyscallId id) { return row::kRows[static_cast<size_t>(id)]; }

long Call::host(unsigned i) const {
  return regs.arg[i] == 0 ? 0 : static_cast<long>(regs.arg[i] + thread.mem().base());
}

long host_call(long number, long a, long b, long c, long d, long e, long f) {
  const long r = ::syscall(number, a, b, c, d, e, f);
  return r == -1 ? -errno : r;
}

int64_t host_block(Thread& thread, int64_t interrupted, long number, long a, long b, long c, long d, long e,
                   long f) {
  thread.engine().park(thread.vcpu());
  RunStats* const stats = thread.process().stats();
  const int64_t start = stats != nullptr ? RunStats::now() : 0;
  const long r = tcg::xarch_safe_syscall(&thread.vcpu().header().event, number, a, b, c, d, e, f);
  if (stats != nullptr) stats->waited(RunStats::now() - start);
  thread.engine().unpark(thread.vcpu());
  return r == tcg::kNotEntered ? kRestartSys : r == -EINTR ? interrupted : r;
}

namespace {

// Pointer arguments must lie in the guest's address space: checked here for all rows alike. 0 or -errno.
int64_t check_pointers(const Call& call) {
  MemoryMap& mem = call.thread.mem();
  const bool known = call.thread.abi().knows_layouts();
  for (unsigned i = 0; i < 6; ++i) {
    const Arg& arg = call.row.args[i];
    const uint64_t value = call.arg(i);
    if (arg.kind < ArgKind::kPath) continue;
    if (value == 0) continue;
    if (arg.layout != StructId::kNone && !known) {
      call.thread.process().note_missing(std::string(call.row.name) + ": its structs for this ABI");
      return -ENOSYS;
    }
    uint64_t bytes = 1;
    // Those that are converted are checked by that.
    if (StructLayout layout; call.thread.find_layout(arg.layout, &layout)) continue;
    switch (arg.kind) {
      case ArgKind::kPtr: continue;
      case ArgKind::kIn:
      case ArgKind::kOut:
      case ArgKind::kInOut: bytes = arg.bytes; break;
      case ArgKind::kBufIn:
      case ArgKind::kBufOut: bytes = call.arg(arg.bytes); break;
      default: break;
    }
    if (!mem.in_range(value, bytes)) return -EFAULT;
  }
  return 0;
}

// Pointers lose their tag bytes, as far as the kernel of an architecture with such takes them.
void untag_pointers(Call& call) {
  const Handler h = call.row.handler;
  // Where memory is to be placed is no pointer yet.
  if (h == sys_mmap || h == sys_brk) return;
  // Ranges of the address space are told by plain numbers, tagged or not, whatever the process has asked for.
  if (h == sys_munmap || h == sys_mprotect || h == sys_mremap || h == sys_madvise || h == sys_range_pass ||
      h == sys_mincore)
    call.regs.arg[0] = clear_tag(call.arg(0));
  if (!call.thread.tagged_addresses || h == sys_mremap) return;
  for (unsigned i = 0; i < 6; ++i)
    if (call.row.args[i].kind >= ArgKind::kPath) call.regs.arg[i] = call.thread.untag(call.arg(i));
}

bool follows_last(const Call& call, const Arg& arg) {
  switch (arg.kind) {
    case ArgKind::kPathNo: return false;
    case ArgKind::kPathAt: return (call.arg(arg.bytes) & AT_SYMLINK_NOFOLLOW) == 0;
    case ArgKind::kPathLink: return (call.arg(arg.bytes) & AT_SYMLINK_FOLLOW) != 0;
    default: return true;
  }
}

// The arguments as the host's kernel takes them, with paths and converted structs kept alive in here.
struct HostArgs {
  long value[6];
  std::optional<std::string> path[6];
  unsigned converted = 0;  // bit i: argument i is in the next free of these, in order
  alignas(8) uint8_t structs[2][kMostStructBytes];
};

// A struct that is not as the host has it. 0 or -EFAULT.
int64_t convert_struct(Call& call, unsigned i, HostArgs* out) {
  const unsigned n = static_cast<unsigned>(std::popcount(out->converted));
  const Arg& arg = call.row.args[i];
  if (n == std::size(out->structs)) return -ENOSYS;
  uint8_t* const to = out->structs[n];
  memset(to, 0, sizeof out->structs[n]);
  if (arg.kind != ArgKind::kOut && call.thread.get_struct(arg.layout, call.arg(i), to) != 0) return -EFAULT;
  out->converted |= 1u << i;
  out->value[i] = reinterpret_cast<long>(to);
  return 0;
}

// What the kernel has written into converted structs goes to the guest. `result` of the call, or -EFAULT.
int64_t convert_back(Call& call, const HostArgs& args, int64_t result) {
  unsigned n = 0;
  for (unsigned i = 0; i < 6; ++i) {
    if ((args.converted >> i & 1) == 0) continue;
    const uint8_t* const from = args.structs[n++];
    const Arg& arg = call.row.args[i];
    if (arg.kind == ArgKind::kIn || result < 0) continue;
    if (call.thread.put_struct(arg.layout, call.arg(i), from) != 0) return -EFAULT;
  }
  return result;
}

int64_t host_args(Call& call, HostArgs* out) {
  for (unsigned i = 0; i < 6; ++i) {
    const Arg& arg = call.row.args[i];
    const uint64_t value = call.arg(i);
    out->value[i] = static_cast<long>(value);
    if (arg.kind < ArgKind::kPath || arg.kind == ArgKind::kPtr) continue;
    out->value[i] = call.host(i);
    switch (arg.kind) {
      case ArgKind::kPath:
      case ArgKind::kPathNo:
      case ArgKind::kPathAt:
      case ArgKind::kPathLink: {
        if (value == 0) break;
        std::string guest;
        if (int64_t r = call.thread.copy_string(&guest, value, PATH_MAX); r != 0) return r;
        if (guest.empty() || guest[0] != '/') break;  // relative: the kernel reads it where it stands
        out->path[i] = host_path(call.thread.process(), guest, follows_last(call, arg));
        out->value[i] = reinterpret_cast<long>(out->path[i]->c_str());
        break;
      }
      case ArgKind::kIn:
      case ArgKind::kOut:
      case ArgKind::kInOut:
        if (value == 0) break;
        if (StructLayout layout; call.thread.find_layout(arg.layout, &layout)) {
          if (int64_t r = convert_struct(call, i, out); r != 0) return r;
        } else if (arg.kind != ArgKind::kIn) {
          call.thread.mem().before_write(value, arg.bytes);
        }
        break;
      case ArgKind::kBufOut:
        if (value != 0) call.thread.mem().before_write(value, call.arg(arg.bytes));
        break;
      default: break;
    }
  }
  return 0;
}

}  // namespace

int64_t sys_pass(Call& call) {
  HostArgs a;
  if (int64_t r = host_args(call, &a); r != 0) return r;
  const int64_t r =
      host_call(call.row.host_number, a.value[0], a.value[1], a.value[2], a.value[3], a.value[4], a.value[5]);
  return a.converted != 0 ? convert_back(call, a, r) : r;
}

int64_t sys_block(Call& call) {
  HostArgs a;
  if (int64_t r = host_args(call, &a); r != 0) return r;
  const int64_t interrupted = call.row.restart == Restart::kSys      ? kRestartSys
                              : call.row.restart == Restart::kNoHand ? kRestartNoHand
                                                                     : -EINTR;
  const int64_t r = host_block(call.thread, interrupted, call.row.host_number, a.value[0], a.value[1],
                               a.value[2], a.value[3], a.value[4], a.value[5]);
  return a.converted != 0 ? convert_back(call, a, r) : r;
}

int64_t sys_refuse(Call& call) {
  call.thread.process().note_missing(std::string(call.row.name) + ": " + std::string(call.row.reason));
  return -ENOSYS;
}

int64_t sys_not_permitted(Call& call) {
  call.thread.process().note_missing(std::string(call.row.name) + ": " + std::string(call.row.reason));
  return -EPERM;
}

int64_t sys_accept(Call&) { return 0; }

int64_t call_as(Call& call, SyscallId id, std::initializer_list<uint64_t> args) {
  Call next{call.thread, syscall_row(id), call.regs};
  std::fill(std::begin(next.regs.arg), std::end(next.regs.arg), 0);
  std::copy(args.begin(), args.end(), std::begin(next.regs.arg));
  return next.row.handler(next);
}

namespace {

int64_t make_call(Thread& thread, const SyscallRegs& regs, const SyscallRow* row) {
  if (row == nullptr) {
    thread.process().note_missing("system call " + std::to_string(regs.number));
    return -ENOSYS;
  }
  Call call{thread, *row, regs};
  if (thread.abi().guest().ignores_tags()) untag_pointers(call);
  const int64_t result = check_pointers(call);
  return result == 0 ? row->handler(call) : result;
}

int64_t make_traced_call(Thread& thread, const SyscallRegs& regs, SyscallId id, const SyscallRow* row) {
  Strace::Call shown(*thread.process().strace(), thread, regs, id);
  const int64_t result = make_call(thread, regs, row);
  shown.end(result);
  return result;
}

}  // namespace

int64_t make_call(Thread& thread, SyscallId id, const SyscallRegs& regs) {
  return make_call(thread, regs, &syscall_row(id));
}

int64_t dispatch_syscall(Thread& thread, const SyscallRegs& regs) {
  const SyscallId id = thread.abi().syscall_id(regs.number);
  const SyscallRow* row = id == SyscallId::kNone ? nullptr : &syscall_row(id);
  Process& process = thread.process();
  if (process.stats() == nullptr) [[likely]]
    return process.strace() != nullptr ? make_traced_call(thread, regs, id, row)
                                       : make_call(thread, regs, row);
  process.stats()->call_begins(id);
  const int64_t start = RunStats::now();
  const int64_t result =
      process.strace() != nullptr ? make_traced_call(thread, regs, id, row) : make_call(thread, regs, row);
  // A fork's child was not there when it began.
  if (result != kRegistersSet) process.stats()->call_ends(id, RunStats::now() - start);
  return result;
}

}  // namespace xarch::linux_user
