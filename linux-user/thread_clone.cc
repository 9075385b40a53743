// New threads and processes: clone in its three forms (a thread, a copy of the process, a vfork child that
// runs on its parent's memory).
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <memory>

#include "linux-user/thread.h"
#include "tcg/support/outside.h"

#ifndef CLONE_CLEAR_SIGHAND
#define CLONE_CLEAR_SIGHAND 0x100000000ULL
#endif

namespace xarch::linux_user {

namespace {

constexpr uint64_t kNamespaces =
    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
// What a new host thread or process needs of stack: translation and system calls run on it, guest code does
// not.
constexpr size_t kHostStack = 512 << 10;

void futex_wait_zero(std::atomic<int>* word) {
  while (word->load(std::memory_order_acquire) == 0)
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, 0, nullptr, nullptr, 0);
}

void* nothing(void*) { return nullptr; }

// libc takes a signal for itself and unblocks it when the first thread is made: that is done once with a
// thread that does nothing, and undone.
void prepare_libc(Process& process) {
  static std::atomic<bool> done{false};
  if (done.exchange(true)) return;
  pthread_t dummy;
  if (pthread_create(&dummy, nullptr, nothing, nullptr) == 0) pthread_join(dummy, nullptr);
  for (const int signo : {32, 33}) process.actions().set(signo, process.actions().get(signo));
  block_host_signals();
}

}  // namespace

// What the creator of a thread tells it, and hears from it.
struct CloneStart {
  Thread* parent;
  const Thread::CloneArgs* args;
  Outside* outside = nullptr;  // a vfork child's
  std::atomic<int> tid{0};     // the new thread's when it is ready, or -errno

  static void* run(void* p) {
    auto* start = static_cast<CloneStart*>(p);
    block_host_signals();
    const Thread::CloneArgs args = *start->args;
    const uint64_t apart = (CLONE_FS | CLONE_FILES | CLONE_SYSVSEM) & ~args.flags;
    if (apart != 0) syscall(SYS_unshare, static_cast<long>(apart));
    Thread& parent = *start->parent;
    auto thread = std::make_unique<Thread>(parent.process());
    thread->signals().mask = parent.signals().mask;
    thread->tagged_addresses = parent.tagged_addresses;
    thread->abi().copy_for_clone(thread->state(), parent.state());
    thread->vcpu().header().copy_fp_environment(parent.vcpu().header());
    thread->become_child(args);
    if ((args.flags & CLONE_PARENT_SETTID) != 0) thread->put_ints(args.parent_tid, &thread->tid, 1);
    Thread::set_current(thread.get());
    // From here on `start` and the parent are gone.
    start->tid.store(thread->tid, std::memory_order_release);
    syscall(SYS_futex, &start->tid, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
    sync_host_mask(*thread);
    thread->run();
    return nullptr;
  }

  // Host stack of a vfork child.
  static int run_vfork(void* p);
};

// Registers and bookkeeping of the new task, in the task itself.
void Thread::become_child(const CloneArgs& args) {
  if (args.stack != 0) abi().set_sp(state(), args.stack);
  if ((args.flags & CLONE_SETTLS) != 0) abi().set_tls(state(), args.tls);
  clear_child_tid = (args.flags & CLONE_CHILD_CLEARTID) != 0 ? args.child_tid : 0;
  robust_list = 0;
  tid = static_cast<pid_t>(syscall(SYS_gettid));
  if ((args.flags & CLONE_CHILD_SETTID) != 0) put_ints(args.child_tid, &tid, 1);
  if ((args.flags & CLONE_CLEAR_SIGHAND) != 0) {
    for (int signo = 1; signo <= 64; ++signo)
      if (actions().get(signo).handler > 1) actions().set(signo, {});
  }
}

int64_t Thread::clone(const CloneArgs& args) {
  const uint64_t f = args.flags;
  if ((f & CLONE_THREAD) != 0 && (f & CLONE_SIGHAND) == 0) return -EINVAL;
  if ((f & CLONE_SIGHAND) != 0 && (f & CLONE_VM) == 0) return -EINVAL;
  if ((f & CLONE_SIGHAND) != 0 && (f & CLONE_CLEAR_SIGHAND) != 0) return -EINVAL;
  if ((f & (CLONE_FS | CLONE_NEWNS)) == (CLONE_FS | CLONE_NEWNS)) return -EINVAL;
  if ((f & CLONE_THREAD) != 0) {
    if ((f & (CLONE_NEWUSER | CLONE_NEWPID | CLONE_PIDFD)) != 0) return -EINVAL;
    return clone_thread(args);
  }
  if ((f & CLONE_VM) == 0) return clone_process(args);
  if ((f & CLONE_VFORK) != 0 && (f & CLONE_SIGHAND) == 0) return clone_vfork(args);
  process_.note_missing("clone of a process that shares memory and runs beside its parent");
  // LeakSanitizer of i386 takes no other number for a failure, and would wait for ever for the process it has
  // not got.
  return -EPERM;
}

int64_t Thread::clone_thread(const CloneArgs& args) {
  if (in_vfork_child()) return -EAGAIN;
  block_host_signals();
  prepare_libc(process_);
  CloneStart start{this, &args};
  pthread_attr_t attr;
  pthread_attr_init(&attr);
  pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attr, kHostStack);
  pthread_t host;
  const int error = pthread_create(&host, &attr, &CloneStart::run, &start);
  pthread_attr_destroy(&attr);
  if (error == 0) futex_wait_zero(&start.tid);
  set_signal_mask(*this, signals_.mask);
  return error != 0 ? -EAGAIN : start.tid.load(std::memory_order_relaxed);
}

int64_t Thread::clone_process(const CloneArgs& args) {
  const uint64_t f = args.flags;
  const bool plain = (f & (kNamespaces | CLONE_PARENT | CLONE_PIDFD | CLONE_FS | CLONE_FILES | CLONE_IO |
                           CLONE_SYSVSEM | CLONE_PTRACE | CLONE_UNTRACED)) == 0 &&
                     (f & 0xff) == SIGCHLD;
  block_host_signals();
  outside([this] {
    process_.before_fork(*this);
    forking_ = true;
  });
  int pidfd = -1;
  long pid;
  if (plain) {
    pid = fork();
    if (pid < 0) pid = -errno;
  } else {
    // CLONE_VFORK is left out: the parent would wait with all locks taken. It has no other effect without
    // CLONE_VM.
    const uint64_t host = f & (kNamespaces | CLONE_PARENT | CLONE_PIDFD | CLONE_FS | CLONE_FILES | CLONE_IO |
                               CLONE_SYSVSEM | CLONE_PTRACE | CLONE_UNTRACED | 0xff);
    pid = host_call(SYS_clone, static_cast<long>(host), 0, reinterpret_cast<long>(&pidfd), 0, 0);
  }
  if (pid == 0) {
    Outside::set_current(nullptr);
    forking_ = false;
    process_.after_fork(*this, true);
    if (own_actions_ != nullptr) process_.adopt_actions(*own_actions_);
    own_actions_ = nullptr;
    signals_.taken.clear();
    abi().set_result(state(), 0);
    become_child(args);
    sync_host_mask(*this);
    return kRegistersSet;
  }
  outside([this] {
    process_.after_fork(*this, false);
    forking_ = false;
  });
  if (pid > 0) {
    const int guest_pid = static_cast<int>(pid);
    if ((f & CLONE_PARENT_SETTID) != 0) put_ints(args.parent_tid, &guest_pid, 1);
    if ((f & CLONE_PIDFD) != 0) put_ints(args.pidfd, &pidfd, 1);
  }
  set_signal_mask(*this, signals_.mask);
  return pid;
}

// What a vfork child has for itself while its parent waits: a stack, and memory for operator new.
class VforkMemory {
 public:
  VforkMemory() {
    // Strings of an execve are what takes most; with little address space less must do.
    for (size_t heap : {kHeap, kHeap / 16}) {
      bytes_ = kHostStack + heap;
      start_ = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
      if (start_ != MAP_FAILED) return;
    }
  }
  ~VforkMemory() {
    if (start_ != MAP_FAILED) munmap(start_, bytes_);
  }
  VforkMemory(const VforkMemory&) = delete;
  VforkMemory& operator=(const VforkMemory&) = delete;
  bool ok() const { return start_ != MAP_FAILED; }
  char* stack_top() const { return static_cast<char*>(start_) + kHostStack; }
  Outside::Memory heap() const { return {stack_top(), static_cast<char*>(start_) + bytes_}; }

 private:
  static constexpr size_t kHeap = 64 << 20;
  size_t bytes_ = 0;
  void* start_ = MAP_FAILED;
};

int CloneStart::run_vfork(void* p) {
  auto* start = static_cast<CloneStart*>(p);
  Thread& thread = *start->parent;
  Outside::set_current(start->outside);
  thread.abi().set_result(thread.state(), 0);
  thread.become_child(*start->args);
  sync_host_mask(thread);
  thread.run();
  syscall(SYS_exit_group, 0);
  __builtin_unreachable();
}

// The child runs as this very Thread, on a host stack of its own, while the parent waits; then everything
// that is the parent's is put back. The child may be killed at any instant, so it takes no lock and uses no
// allocator that others use: the parent does that part of its work (Outside), which is why it waits here and
// not in the kernel (CLONE_VFORK).
int64_t Thread::clone_vfork(const CloneArgs& args) {
  const size_t header = sizeof(tcg::CpuHeader);
  const size_t bytes = abi().guest().layout().state_bytes - header;
  auto* registers = static_cast<char*>(state()) + header;
  const std::unique_ptr<char[]> saved(new char[bytes]);
  memcpy(saved.get(), registers, bytes);
  const VforkMemory memory;
  if (!memory.ok()) return -ENOMEM;

  block_host_signals();
  const SyscallRegs saved_call = call_;
  const RestartBlock saved_restart = restart_;
  tcg::CpuHeader saved_header;  // the floating-point environment in it
  saved_header.copy_fp_environment(vcpu_->header());
  const uint64_t saved_clear = clear_child_tid, saved_robust = robust_list;
  const pid_t saved_tid = tid;
  const bool saved_tagged = tagged_addresses;
  const SignalSet saved_mask = signals_.mask;
  const AltStack saved_altstack = signals_.altstack;
  auto taken = std::make_unique<TakenSignals>();
  taken->copy_from(signals_.taken);
  std::map<int, struct rlimit> saved_limits = process_.kept_limits();
  const int saved_self = process_.self_fd();
  const bool saved_mapping = process_.paths().mapping();
  SignalActions* saved_actions = own_actions_;
  SignalActions child_actions(actions());
  signals_.taken.clear();
  own_actions_ = &child_actions;

  Outside* const own_outside = Outside::current();
  Outside outside(memory.heap());
  CloneStart start{this, &args, &outside};
  const int host = static_cast<int>(args.flags & (kNamespaces | CLONE_PARENT | CLONE_PIDFD | CLONE_FS |
                                                  CLONE_FILES | CLONE_IO | CLONE_SYSVSEM | 0xff)) |
                   CLONE_VM | CLONE_CHILD_CLEARTID;
  int pidfd = -1;
  const int r =
      ::clone(&CloneStart::run_vfork, memory.stack_top(), host, &start, &pidfd, nullptr, outside.alive());
  const int64_t result = r < 0 ? -errno : r;
  if (r > 0) outside.serve(own_outside);
  // Killed in the middle of a fork of its own.
  if (forking_) process_.after_fork(*this, false);
  forking_ = false;

  own_actions_ = saved_actions;
  signals_.taken.copy_from(*taken);
  signals_.altstack = saved_altstack;
  signals_.mask = saved_mask;
  signals_.has_saved_mask = false;
  tid = saved_tid;
  tagged_addresses = saved_tagged;
  clear_child_tid = saved_clear;
  robust_list = saved_robust;
  call_ = saved_call;
  restart_ = saved_restart;
  exiting_ = false;
  memcpy(registers, saved.get(), bytes);
  vcpu_->header().copy_fp_environment(saved_header);
  set_current(this);
  engine().abandon_run(*vcpu_);
  process_.set_kept_limits(std::move(saved_limits));
  if ((args.flags & CLONE_FILES) == 0) process_.set_self_fd(saved_self);
  if ((args.flags & CLONE_FS) == 0) process_.paths().set_mapping(saved_mapping);
  if (result > 0) {
    const int guest_pid = static_cast<int>(result);
    if ((args.flags & CLONE_PARENT_SETTID) != 0) put_ints(args.parent_tid, &guest_pid, 1);
    if ((args.flags & CLONE_PIDFD) != 0) put_ints(args.pidfd, &pidfd, 1);
  }
  vcpu_->kick();  // what the child's handlers left of the event word says nothing about the parent
  set_signal_mask(*this, signals_.mask);
  return result;
}

}  // namespace xarch::linux_user
