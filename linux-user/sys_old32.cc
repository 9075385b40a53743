// Calls that only 32-bit ABIs have, and their forms of others.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "linux-user/proc_files.h"
#include "linux-user/thread.h"

namespace xarch::linux_user {

namespace {

// A call whose arguments stand in memory: with the checks and the signs of its row.
int64_t as_in_memory(Call& call, SyscallId id, uint64_t at, unsigned count) {
  SyscallRegs regs;
  regs.number = call.regs.number;
  const SyscallRow& row = syscall_row(id);
  for (unsigned i = 0; i < count; ++i) {
    uint64_t word;
    if (call.thread.get_word(at + uint64_t{i} * call.thread.word_bytes(), &word) != 0) return -EFAULT;
    regs.arg[i] = extend_argument(row.args[i].kind, word);
  }
  return make_call(call.thread, id, regs);
}

// One of UserAbi's forms of struct stat.
using PutStat = int64_t (UserAbi::*)(const struct stat&, uint8_t*) const;

int64_t put_stat(Call& call, uint64_t to, const struct stat& st, PutStat form) {
  uint8_t bytes[160];
  const int64_t n = (call.thread.abi().*form)(st, bytes);
  return n < 0 ? n : call.thread.copy_out(to, bytes, static_cast<size_t>(n));
}

int64_t stat_at(Call& call, int directory, uint64_t path, uint64_t to, int flags, PutStat form) {
  std::string guest;
  if (int64_t r = call.thread.copy_string(&guest, path, PATH_MAX); r != 0) return r;
  const bool follow = (flags & AT_SYMLINK_NOFOLLOW) == 0;
  const std::string host =
      !guest.empty() && guest[0] == '/' ? host_path(call.thread.process(), guest, follow) : guest;
  struct stat st;
  const long r = host_call(SYS_newfstatat, directory, reinterpret_cast<long>(host.c_str()),
                           reinterpret_cast<long>(&st), flags);
  return r < 0 ? r : put_stat(call, to, st, form);
}

int64_t stat_of(Call& call, PutStat form) {
  struct stat st;
  const long r = host_call(SYS_fstat, call.fd(0), reinterpret_cast<long>(&st));
  return r < 0 ? r : put_stat(call, call.arg(1), st, form);
}

constexpr PutStat kStat64 = &UserAbi::put_stat64, kOldStat = &UserAbi::put_old_stat;

}  // namespace

// ---- files
int64_t sys_stat64(Call& call) { return stat_at(call, AT_FDCWD, call.arg(0), call.arg(1), 0, kStat64); }
int64_t sys_lstat64(Call& call) {
  return stat_at(call, AT_FDCWD, call.arg(0), call.arg(1), AT_SYMLINK_NOFOLLOW, kStat64);
}
int64_t sys_fstatat64(Call& call) {
  return stat_at(call, call.fd(0), call.arg(1), call.arg(2), call.i32(3), kStat64);
}
int64_t sys_fstat64(Call& call) { return stat_of(call, kStat64); }
int64_t sys_oldstat(Call& call) { return stat_at(call, AT_FDCWD, call.arg(0), call.arg(1), 0, kOldStat); }
int64_t sys_oldlstat(Call& call) {
  return stat_at(call, AT_FDCWD, call.arg(0), call.arg(1), AT_SYMLINK_NOFOLLOW, kOldStat);
}
int64_t sys_oldfstat(Call& call) { return stat_of(call, kOldStat); }

// One entry: inode, position and length of the name, then the name. The kernel gives several at once; the
// position goes back to behind the first.
int64_t sys_readdir(Call& call) {
  constexpr size_t kNext = 8, kName = 19;  // in struct linux_dirent64
  const long here = host_call(SYS_lseek, call.fd(0), 0, SEEK_CUR);
  alignas(8) uint8_t entry[512];
  const long bytes = host_call(SYS_getdents64, call.fd(0), reinterpret_cast<long>(entry), sizeof entry);
  if (bytes <= 0) return bytes;
  uint64_t inode;
  int64_t next;
  memcpy(&inode, entry, sizeof inode);
  memcpy(&next, entry + kNext, sizeof next);
  host_call(SYS_lseek, call.fd(0), next, SEEK_SET);
  const size_t name = strnlen(reinterpret_cast<const char*>(entry) + kName, sizeof entry - kName);
  uint8_t out[10 + 256 + 1] = {};
  const uint32_t words[] = {static_cast<uint32_t>(inode ^ inode >> 32),
                            fold_position(static_cast<uint64_t>(std::max(here, 0l)))};
  const auto length = static_cast<uint16_t>(std::min(name, sizeof out - 11));
  memcpy(out, words, sizeof words);
  memcpy(out + 8, &length, sizeof length);
  memcpy(out + 10, entry + kName, length);
  return call.thread.copy_out(call.arg(1), out, 11u + length) != 0 ? -EFAULT : 1;
}

int64_t sys_statfs64(Call& call) {
  if (call.arg(1) != call.thread.guest_bytes(StructId::k_statfs64)) return -EINVAL;
  std::string guest;
  if (int64_t r = call.thread.copy_string(&guest, call.arg(0), PATH_MAX); r != 0) return r;
  const std::string host =
      !guest.empty() && guest[0] == '/' ? host_path(call.thread.process(), guest, true) : guest;
  struct statfs st;
  const long r = host_call(SYS_statfs, reinterpret_cast<long>(host.c_str()), reinterpret_cast<long>(&st));
  return r < 0 ? r : call.thread.put_struct(StructId::k_statfs64, call.arg(2), &st);
}
int64_t sys_fstatfs64(Call& call) {
  if (call.arg(1) != call.thread.guest_bytes(StructId::k_statfs64)) return -EINVAL;
  struct statfs st;
  const long r = host_call(SYS_fstatfs, call.fd(0), reinterpret_cast<long>(&st));
  return r < 0 ? r : call.thread.put_struct(StructId::k_statfs64, call.arg(2), &st);
}

// sendfile with an offset of the guest's long.
int64_t sys_sendfile32(Call& call) {
  uint64_t word = 0;
  if (call.arg(2) != 0 && call.thread.get_word(call.arg(2), &word) != 0) return -EFAULT;
  auto offset = static_cast<off_t>(word);
  const int64_t r =
      host_block(call.thread, kRestartSys, SYS_sendfile, call.fd(0), call.fd(1),
                 call.arg(2) != 0 ? reinterpret_cast<long>(&offset) : 0, static_cast<long>(call.arg(3)));
  if (r >= 0 && call.arg(2) != 0 && call.thread.put_word(call.arg(2), static_cast<uint64_t>(offset)) != 0)
    return -EFAULT;
  return r;
}

int64_t sys_umount(Call& call) { return call_as(call, SyscallId::k_umount2, {call.arg(0), 0}); }
int64_t sys_waitpid(Call& call) {
  return call_as(call, SyscallId::k_wait4, {call.arg(0), call.arg(1), call.arg(2), 0});
}
int64_t sys_nice(Call& call) {
  errno = 0;
  const int r = nice(call.i32(0));
  return r == -1 && errno != 0 ? -errno : 0;
}
int64_t sys_stime(Call& call) {
  uint64_t seconds;
  if (call.thread.get_word(call.arg(0), &seconds) != 0) return -EFAULT;
  const timespec now = {static_cast<int32_t>(seconds), 0};
  return host_call(SYS_clock_settime, CLOCK_REALTIME, reinterpret_cast<long>(&now));
}

// ---- calls whose arguments stand in memory
int64_t sys_old_mmap(Call& call) { return as_in_memory(call, SyscallId::k_mmap, call.arg(0), 6); }
int64_t sys_old_select(Call& call) { return as_in_memory(call, SyscallId::k_select, call.arg(0), 5); }

int64_t sys_socketcall(Call& call) {
  // linux/net.h: SYS_SOCKET and so on, from 1.
  struct Kind {
    SyscallId id;
    unsigned args;
  };
  static constexpr Kind kKinds[] = {
      {SyscallId::kNone, 0},         {SyscallId::k_socket, 3},      {SyscallId::k_bind, 3},
      {SyscallId::k_connect, 3},     {SyscallId::k_listen, 2},      {SyscallId::k_accept, 3},
      {SyscallId::k_getsockname, 3}, {SyscallId::k_getpeername, 3}, {SyscallId::k_socketpair, 4},
      {SyscallId::k_sendto, 4},      {SyscallId::k_recvfrom, 4},    {SyscallId::k_sendto, 6},
      {SyscallId::k_recvfrom, 6},    {SyscallId::k_shutdown, 2},    {SyscallId::k_setsockopt, 5},
      {SyscallId::k_getsockopt, 5},  {SyscallId::k_sendmsg, 3},     {SyscallId::k_recvmsg, 3},
      {SyscallId::k_accept4, 4},     {SyscallId::k_recvmmsg, 5},    {SyscallId::k_sendmmsg, 4}};
  const uint32_t n = call.u32(0);
  if (n == 0 || n >= std::size(kKinds)) return -EINVAL;
  return as_in_memory(call, kKinds[n].id, call.arg(1), kKinds[n].args);
}

int64_t sys_ipc(Call& call) {
  // linux/ipc.h. The first of the arguments is the operation, its version in the upper half.
  enum { kSemop = 1, kSemget, kSemctl, kSemtimedop, kMsgsnd = 11, kMsgrcv, kMsgget, kMsgctl };
  enum { kShmat = 21, kShmdt, kShmget, kShmctl };
  const uint64_t first = call.arg(1), second = call.arg(2), third = call.arg(3), pointer = call.arg(4);
  const uint32_t version = call.u32(0) >> 16;
  uint64_t value;
  switch (call.u32(0) & 0xffff) {
    case kSemop: return call_as(call, SyscallId::k_semop, {first, pointer, second});
    case kSemtimedop: return call_as(call, SyscallId::k_semtimedop, {first, pointer, second, call.u32(5)});
    case kSemget: return call_as(call, SyscallId::k_semget, {first, second, third});
    case kSemctl:
      if (call.thread.get_word(pointer, &value) != 0) return -EFAULT;
      return call_as(call, SyscallId::k_semctl, {first, second, third & ~uint64_t{0x100}, value});
    case kMsgsnd: return call_as(call, SyscallId::k_msgsnd, {first, pointer, second, third});
    case kMsgrcv: {
      if (version != 0)
        return call_as(call, SyscallId::k_msgrcv, {first, pointer, second, call.arg(5), third});
      uint64_t message, type;
      if (call.thread.get_word(pointer, &message) != 0 ||
          call.thread.get_word(pointer + call.thread.word_bytes(), &type) != 0)
        return -EFAULT;
      type = static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(type)));
      return call_as(call, SyscallId::k_msgrcv, {first, message, second, type, third});
    }
    case kMsgget: return call_as(call, SyscallId::k_msgget, {first, second});
    case kMsgctl: return call_as(call, SyscallId::k_msgctl, {first, second & ~uint64_t{0x100}, pointer});
    case kShmat: {
      const int64_t at = call_as(call, SyscallId::k_shmat, {first, pointer, second});
      if (at < 0) return at;
      return call.thread.put_word(call.u32(3), static_cast<uint64_t>(at));
    }
    case kShmdt: return call_as(call, SyscallId::k_shmdt, {pointer});
    case kShmget: return call_as(call, SyscallId::k_shmget, {first, second, third});
    case kShmctl: return call_as(call, SyscallId::k_shmctl, {first, second & ~uint64_t{0x100}, pointer});
    default: return -ENOSYS;
  }
}

// ---- signals with sets of one word
int64_t sys_sigaction(Call& call) {
  const int signo = call.i32(0);
  if (signo < 1 || signo > 64) return -EINVAL;
  SignalActions& actions = call.thread.actions();
  const unsigned word = call.thread.word_bytes();
  // struct old_sigaction: handler, mask, flags, restorer.
  uint64_t fields[4] = {};
  for (unsigned i = 0; i < 4 && call.arg(1) != 0; ++i)
    if (call.thread.get_word(call.arg(1) + i * word, &fields[i]) != 0) return -EFAULT;
  if (call.arg(1) != 0 && (signo == SIGKILL || signo == SIGSTOP)) return -EINVAL;
  const SignalAction old = actions.get(signo);
  if (call.arg(1) != 0) {
    SignalAction action;
    action.handler = fields[0];
    action.flags = fields[2];
    action.restorer = fields[3];
    action.mask = SignalSet::of64(fields[1] & ~kUnblockableSignals);
    actions.set(signo, action);
  }
  const uint64_t shown[] = {old.handler, old.mask.bits[0], old.flags, old.restorer};
  for (unsigned i = 0; i < 4 && call.arg(2) != 0; ++i)
    if (call.thread.put_word(call.arg(2) + i * word, shown[i]) != 0) return -EFAULT;
  return 0;
}

int64_t sys_signal(Call& call) {
  const int signo = call.i32(0);
  if (signo < 1 || signo > 64 || signo == SIGKILL || signo == SIGSTOP) return -EINVAL;
  const SignalAction old = call.thread.actions().get(signo);
  SignalAction action;
  action.handler = call.arg(1);
  action.flags = static_cast<uint32_t>(SA_RESETHAND) | SA_NODEFER;
  call.thread.actions().set(signo, action);
  return static_cast<int64_t>(old.handler);
}

int64_t sys_sigprocmask(Call& call) {
  const uint64_t old = call.thread.signals().mask.bits[0];
  if (call.arg(1) != 0) {
    uint64_t set;
    if (call.thread.get_word(call.arg(1), &set) != 0) return -EFAULT;
    // Signals above 32 stay as they are.
    const uint64_t upper = old & ~uint64_t{UINT32_MAX};
    switch (call.i32(0)) {
      case SIG_BLOCK: set |= old; break;
      case SIG_UNBLOCK: set = old & ~set; break;
      case SIG_SETMASK: set |= upper; break;
      default: return -EINVAL;
    }
    set &= ~kUnblockableSignals;
    if (set != old) set_signal_mask(call.thread, SignalSet::of64(set));
  }
  return call.arg(2) != 0 ? call.thread.put_word(call.arg(2), old) : 0;
}

int64_t sys_sigpending(Call& call) {
  uint64_t set = 0;
  if (const long r = host_call(SYS_rt_sigpending, reinterpret_cast<long>(&set), 8); r != 0) return r;
  const SignalState& s = call.thread.signals();
  return call.thread.put_word(call.arg(0), (set | s.taken.held()) & s.mask.bits[0]);
}

// The set is the third argument, for reasons of age.
int64_t sys_sigsuspend(Call& call) {
  set_temporary_mask(call.thread, SignalSet::of64(call.u32(2) & ~kUnblockableSignals));
  host_block(call.thread, kRestartNoHand, SYS_ppoll, 0, 0, 0, 0, 8);
  return kRestartNoHand;
}

int64_t sys_sgetmask(Call& call) { return static_cast<uint32_t>(call.thread.signals().mask.bits[0]); }
int64_t sys_ssetmask(Call& call) {
  const uint64_t old = call.thread.signals().mask.bits[0];
  set_signal_mask(call.thread, SignalSet::of64(call.u32(0) & ~kUnblockableSignals));
  return static_cast<uint32_t>(old);
}

}  // namespace xarch::linux_user
