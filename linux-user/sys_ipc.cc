// System V semaphores and messages, POSIX message queues.
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#include <algorithm>
#include <vector>

#include "linux-user/thread.h"

namespace xarch::linux_user {

namespace {

// struct semid64_ds of the generic 64-bit ABI; the host's has unused words between the times.
struct GuestSemid {
  uint8_t perm[48];
  int64_t otime, ctime;
  uint64_t nsems, unused[2];
};

int64_t sem_status(Call& call, int command) {
  semid_ds host = {};
  if (call.thread.abi().info().spread_semid || call.thread.word_bytes() == 4) {
    if (command == IPC_SET && call.thread.get_struct(call.arg(3), &host) != 0) return -EFAULT;
    const long r = host_call(SYS_semctl, call.i32(0), call.i32(1), command, reinterpret_cast<long>(&host));
    return r < 0 || command == IPC_SET || call.thread.put_struct(call.arg(3), host) == 0 ? r : -EFAULT;
  }
  if (command == IPC_SET) {
    GuestSemid guest;
    if (call.thread.get(call.arg(3), &guest) != 0) return -EFAULT;
    memcpy(&host.sem_perm, guest.perm, sizeof guest.perm);
  }
  const long r = host_call(SYS_semctl, call.i32(0), call.i32(1), command, reinterpret_cast<long>(&host));
  if (r < 0 || command == IPC_SET) return r;
  GuestSemid guest = {};
  memcpy(guest.perm, &host.sem_perm, sizeof guest.perm);
  guest.otime = host.sem_otime;
  guest.ctime = host.sem_ctime;
  guest.nsems = host.sem_nsems;
  return call.thread.put(call.arg(3), guest) != 0 ? -EFAULT : r;
}
static_assert(sizeof(ipc_perm) == 48);

// More than any kernel takes at once.
constexpr uint64_t kMostMessage = 16 << 20;

int64_t semaphore_operations(Call& call, long timeout) {
  if (call.arg(2) > 500) return -E2BIG;  // SEMOPM
  if (!call.thread.mem().in_range(call.arg(1), call.arg(2) * sizeof(sembuf))) return -EFAULT;
  // EINTR always, whatever the handler's flags.
  return host_block(call.thread, -EINTR, SYS_semtimedop, call.i32(0), call.host(1),
                    static_cast<long>(call.arg(2)), timeout);
}

}  // namespace

int64_t sys_semctl(Call& call) {
  if (!call.thread.abi().knows_layouts()) return -ENOSYS;
  switch (call.i32(2)) {
    case IPC_STAT:
    case SEM_STAT:
    case SEM_STAT_ANY:
    case IPC_SET: return sem_status(call, call.i32(2));
    case IPC_INFO:
    case SEM_INFO:
    case GETALL:
    case SETALL: {
      // 65536 semaphores of two bytes at most; IPC_INFO is smaller.
      uint64_t bytes = sizeof(seminfo);
      if (call.i32(2) == GETALL || call.i32(2) == SETALL) {
        semid_ds status;
        if (const long r = host_call(SYS_semctl, call.i32(0), 0, IPC_STAT, reinterpret_cast<long>(&status));
            r < 0)
          return r;
        bytes = status.sem_nsems * 2;
      }
      if (!call.thread.mem().in_range(call.arg(3), bytes)) return -EFAULT;
      call.thread.mem().before_write(call.arg(3), bytes);
      return host_call(SYS_semctl, call.i32(0), call.i32(1), call.i32(2), call.host(3));
    }
    default: return host_call(SYS_semctl, call.i32(0), call.i32(1), call.i32(2), call.i32(3));
  }
}

// What IPC_INFO and SHM_INFO tell is in the guest's longs.
int64_t sys_shmctl(Call& call) {
  if (!call.thread.abi().knows_layouts()) return -ENOSYS;
  const int command = call.i32(1);
  if (command == IPC_RMID || command == SHM_LOCK || command == SHM_UNLOCK)
    return host_call(SYS_shmctl, call.i32(0), command, 0);
  const bool limits = command == IPC_INFO;
  if (call.thread.word_bytes() == 8 || (!limits && command != SHM_INFO)) return sys_pass(call);
  shminfo most = {};
  shm_info used = {};
  const int64_t r = host_call(SYS_shmctl, call.i32(0), command,
                              limits ? reinterpret_cast<long>(&most) : reinterpret_cast<long>(&used));
  if (r < 0) return r;
  const uint64_t words[] = {
      limits ? std::min<uint64_t>(most.shmmax, INT_MAX) : static_cast<uint64_t>(used.used_ids),
      limits ? most.shmmin : used.shm_tot,
      limits ? most.shmmni : used.shm_rss,
      limits ? most.shmseg : used.shm_swp,
      limits ? most.shmall : used.swap_attempts,
      limits ? 0 : used.swap_successes,
      0,
      0,
      0};
  const size_t count = limits ? 9 : 6;
  for (size_t i = 0; i < count; ++i)
    if (call.thread.put_word(call.arg(2) + 4 * i, words[i]) != 0) return -EFAULT;
  return r;
}

int64_t sys_msgctl(Call& call) {
  if (!call.thread.abi().knows_layouts()) return -ENOSYS;
  const int command = call.i32(1);
  if (command == IPC_RMID) return host_call(SYS_msgctl, call.i32(0), command, 0);
  if (command != IPC_INFO && command != MSG_INFO) return sys_pass(call);
  // It has no longs; the kernel leaves the bytes behind its last member alone or clears them.
  msginfo info = {};
  const int64_t r = host_call(SYS_msgctl, call.i32(0), command, reinterpret_cast<long>(&info));
  return r < 0 || call.thread.copy_out(call.arg(2), &info, sizeof info) == 0 ? r : -EFAULT;
}

int64_t sys_semop(Call& call) { return semaphore_operations(call, 0); }
int64_t sys_semtimedop(Call& call) {
  timespec timeout;
  if (call.arg(3) != 0 && call.thread.get_struct(call.arg(3), &timeout) != 0) return -EFAULT;
  return semaphore_operations(call, call.arg(3) != 0 ? reinterpret_cast<long>(&timeout) : 0);
}

// A message is a long and then so many bytes; in between where the guest's long is shorter.
int64_t sys_msgsnd(Call& call) {
  if (!call.thread.abi().knows_layouts()) return -ENOSYS;
  const unsigned word = call.thread.word_bytes();
  const uint64_t at = call.arg(1), bytes = call.arg(2);
  if (!call.thread.mem().in_range(at, bytes) || !call.thread.mem().in_range(at, bytes + word)) return -EFAULT;
  if (word == 8)
    return host_block(call.thread, kRestartNoHand, SYS_msgsnd, call.i32(0), call.host(1),
                      static_cast<long>(bytes), call.i32(3));
  if (bytes > kMostMessage) return -EINVAL;
  std::vector<uint8_t> message(8 + bytes);
  int type;
  if (call.thread.get_int(at, &type) != 0 || call.thread.copy_in(message.data() + 8, at + word, bytes) != 0)
    return -EFAULT;
  const long wide = type;
  memcpy(message.data(), &wide, sizeof wide);
  return host_block(call.thread, kRestartNoHand, SYS_msgsnd, call.i32(0),
                    reinterpret_cast<long>(message.data()), static_cast<long>(bytes), call.i32(3));
}

int64_t sys_msgrcv(Call& call) {
  if (!call.thread.abi().knows_layouts()) return -ENOSYS;
  const unsigned word = call.thread.word_bytes();
  const uint64_t at = call.arg(1), bytes = call.arg(2);
  if (!call.thread.mem().in_range(at, bytes) || !call.thread.mem().in_range(at, bytes + word)) return -EFAULT;
  const auto type = static_cast<long>(call.arg(3));
  if (word == 8) {
    call.thread.mem().before_write(at, bytes + 8);
    return host_block(call.thread, kRestartNoHand, SYS_msgrcv, call.i32(0), call.host(1),
                      static_cast<long>(bytes), type, call.i32(4));
  }
  const uint64_t room = std::min(bytes, kMostMessage);
  std::vector<uint8_t> message(8 + room);
  const int64_t r =
      host_block(call.thread, kRestartNoHand, SYS_msgrcv, call.i32(0), reinterpret_cast<long>(message.data()),
                 static_cast<long>(room), type, call.i32(4));
  if (r < 0) return r;
  uint64_t got;
  memcpy(&got, message.data(), sizeof got);
  if (call.thread.put_word(at, got) != 0 ||
      call.thread.copy_out(at + word, message.data() + 8, static_cast<size_t>(r)) != 0)
    return -EFAULT;
  return r;
}

int64_t sys_mq_open(Call& call) {
  mq_attr attributes;
  if (call.arg(3) != 0 && call.thread.get_struct(call.arg(3), &attributes) != 0) return -EFAULT;
  return host_call(SYS_mq_open, call.host(0), call.thread.abi().open_flags_to_host(call.i32(1)),
                   static_cast<long>(call.arg(2)),
                   call.arg(3) != 0 ? reinterpret_cast<long>(&attributes) : 0);
}

}  // namespace xarch::linux_user
