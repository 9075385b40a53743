// The host's side of signals: handler, masks, dispositions. Raw system calls throughout: libc keeps 32 and 33
// to itself and would filter them.
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "linux-user/guest_copy.h"
#include "linux-user/thread.h"
#include "tcg/support/log.h"

#if defined(__x86_64__)
// The kernel of x86-64 insists on a restorer.
extern "C" void xarch_signal_restorer();
asm(R"(
  .text
  .globl xarch_signal_restorer
  .type xarch_signal_restorer, @function
  .p2align 4
  nop
xarch_signal_restorer:
  movq $15, %rax
  syscall
  .size xarch_signal_restorer, . - xarch_signal_restorer
)");
#endif

namespace xarch::linux_user {

namespace {

constexpr uint64_t bit(int signo) { return uint64_t{1} << (signo - 1); }
constexpr uint64_t kAll = ~uint64_t{0};
constexpr int kHostSignals = 64;

// Their default action dumps core; it would be the translator's.
constexpr uint64_t kCoreSignals =
    bit(SIGQUIT) | bit(SIGABRT) | bit(SIGSYS) | bit(SIGXCPU) | bit(SIGXFSZ) | bit(SIGTRAP);
constexpr uint64_t kRestorerFlag = 0x04000000;

struct KernelSigaction {
  uint64_t handler, flags, restorer, mask;
};

void raw_sigaction(int signo, const KernelSigaction* action, KernelSigaction* old) {
  syscall(SYS_rt_sigaction, signo, action, old, 8);
}

// Host faults: of a guarded copy, of translated code, or of the translator itself. True if dealt with.
bool on_host_fault(int signo, siginfo_t* info, ucontext_t* uc) {
  if ((signo == SIGSEGV || signo == SIGBUS) && guarded_copy_fixup(uc)) return true;
  Thread* thread = Thread::current();
  if (thread != nullptr) {
    const auto verdict = thread->engine().handle_fault(&thread->vcpu(), signo, info, uc);
    if (verdict != tcg::Engine::FaultVerdict::kNotOurs) return true;
  }
  Log::printf("xarch: internal error: signal %d at host pc %#llx, address %p", signo,
              static_cast<unsigned long long>(uc->uc_mcontext.gregs[REG_RIP]), info->si_addr);
  const KernelSigaction dfl = {};
  raw_sigaction(signo, &dfl, nullptr);  // returning repeats the fault
  return true;
}

void on_host_signal(int signo, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  auto* uc = static_cast<ucontext_t*>(context);
  // Positive codes come from the kernel: a fault, unless somebody's rt_sigqueueinfo pretends it to this very
  // process.
  if ((kFaultSignals & bit(signo)) != 0 && info->si_code > 0) {
    on_host_fault(signo, info, uc);
    errno = saved_errno;
    return;
  }
  Thread* thread = Thread::current();
  if (thread == nullptr) {
    // Before the guest runs: only those come here whose default action ends the process.
    die_on_host(signo);
  }
  SignalInfo taken;
  taken.si = *info;
  thread->signals().taken.push(taken);
  thread->vcpu().kick();
  // One at a time: the others wait in the kernel until this one is delivered.
  if ((kFaultSignals & bit(signo)) == 0) {
    const uint64_t blocked = kAll & ~kFaultSignals;
    memcpy(&uc->uc_sigmask, &blocked, sizeof blocked);
  }
  tcg::syscall_window_fixup(uc);
  errno = saved_errno;
}

KernelSigaction host_handler(uint64_t flags) {
  KernelSigaction k = {};
  k.handler = reinterpret_cast<uint64_t>(&on_host_signal);
  // SA_RESTART: what the kernel would restart is found on its call instruction and refused by the window, and
  // only what Linux never restarts comes back as EINTR. Faults may interrupt the handling of others.
  k.flags = SA_SIGINFO | SA_RESTART | flags;
#if defined(__x86_64__)
  k.flags |= kRestorerFlag;
  k.restorer = reinterpret_cast<uint64_t>(&xarch_signal_restorer);
#endif
  k.mask = kAll & ~kFaultSignals;
  return k;
}

// The guest's action becomes the host's. SIGKILL, SIGSTOP and signals the host does not have are left alone.
void mirror_action(int signo, const SignalAction& action, uint64_t watched) {
  if (signo > kHostSignals || (kUnblockableSignals & bit(signo)) != 0) return;
  const uint64_t child_flags = action.flags & (SA_NOCLDSTOP | SA_NOCLDWAIT);
  KernelSigaction k = {};
  k.flags = child_flags;
  if ((kFaultSignals & bit(signo)) != 0) {
    k = host_handler(SA_NODEFER);
  } else if (action.handler == reinterpret_cast<uint64_t>(SIG_IGN)) {
    k.handler = action.handler;
#if defined(__x86_64__)
    k.flags |= kRestorerFlag;
    k.restorer = reinterpret_cast<uint64_t>(&xarch_signal_restorer);
#endif
  } else if (action.handler != reinterpret_cast<uint64_t>(SIG_DFL) || (kCoreSignals & bit(signo)) != 0 ||
             (watched & bit(signo)) != 0) {
    k = host_handler(child_flags);
  }
  raw_sigaction(signo, &k, nullptr);
}

}  // namespace

void SignalActions::set(int signo, const SignalAction& action) {
  std::lock_guard lock(mutex_);
  actions_[static_cast<size_t>(signo)] = action;
  mirror_action(signo, action, watched_);
}

SignalAction SignalActions::take(int signo) {
  std::lock_guard lock(mutex_);
  SignalAction& slot = actions_[static_cast<size_t>(signo)];
  const SignalAction action = slot;
  if ((action.flags & static_cast<uint64_t>(SA_RESETHAND)) != 0 && action.handler > 1) {
    slot.handler = 0;
    mirror_action(signo, slot, watched_);
  }
  return action;
}

void SignalActions::inherit(uint64_t ignored_faults) {
  std::lock_guard lock(mutex_);
  for (int signo = 1; signo <= kHostSignals; ++signo) {
    if ((ignored_faults & bit(signo)) != 0)
      actions_[static_cast<size_t>(signo)].handler = reinterpret_cast<uint64_t>(SIG_IGN);
    if ((kFaultSignals & bit(signo)) == 0) {
      KernelSigaction old = {};
      raw_sigaction(signo, nullptr, &old);
      if (old.handler == reinterpret_cast<uint64_t>(SIG_IGN))
        actions_[static_cast<size_t>(signo)].handler = reinterpret_cast<uint64_t>(SIG_IGN);
      else if ((kCoreSignals & bit(signo)) != 0 || (watched_ & bit(signo)) != 0)
        mirror_action(signo, actions_[static_cast<size_t>(signo)], watched_);
    }
  }
}

uint64_t install_host_handlers() {
  const KernelSigaction k = host_handler(SA_NODEFER);
  uint64_t ignored = 0;
  for (int signo : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
    KernelSigaction old = {};
    raw_sigaction(signo, &k, &old);
    if (old.handler == reinterpret_cast<uint64_t>(SIG_IGN)) ignored |= bit(signo);
  }
  return ignored;
}

uint64_t set_host_mask(uint64_t mask) {
  uint64_t old = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, &old, 8);
  return old;
}

void block_host_signals() { set_host_mask(kAll & ~kFaultSignals); }

void sync_host_mask(Thread& thread) { set_host_mask(thread.signals().mask.bits[0] & ~kFaultSignals); }

void inherit_mask(Thread& thread) {
  uint64_t mask = 0;
  syscall(SYS_rt_sigprocmask, SIG_BLOCK, nullptr, &mask, 8);
  thread.signals().mask = SignalSet::of64(mask);
  if ((mask & kFaultSignals) != 0) sync_host_mask(thread);
}

void requeue(const SignalInfo& info, bool process) {
  const long pid = syscall(SYS_getpid);
  if (process) {
    syscall(SYS_rt_sigqueueinfo, pid, info.signo(), &info.si);
  } else {
    syscall(SYS_rt_tgsigqueueinfo, pid, syscall(SYS_gettid), info.signo(), &info.si);
  }
}

void prepare_exec(Thread& thread) {
  for (int signo : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
    if (thread.actions().get(signo).handler != reinterpret_cast<uint64_t>(SIG_IGN)) continue;
    KernelSigaction ignore = {};
    ignore.handler = reinterpret_cast<uint64_t>(SIG_IGN);
    raw_sigaction(signo, &ignore, nullptr);
  }
  set_host_mask(thread.signals().mask.bits[0]);
}

void after_failed_exec(Thread& thread) {
  // What came in meanwhile has blocked all.
  if (thread.signals().taken.empty(thread.signals().mask)) sync_host_mask(thread);
  install_host_handlers();
}

void die_on_host(int signo) {
  // A core of the translator would mislead.
  const struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  const KernelSigaction dfl = {};
  raw_sigaction(signo, &dfl, nullptr);
  set_host_mask(kAll & ~bit(signo));
  syscall(SYS_kill, syscall(SYS_getpid), signo);
  syscall(SYS_exit_group, 128 + signo);  // a signal that does not kill
  __builtin_unreachable();
}

// ---- TakenSignals

void TakenSignals::push(const SignalInfo& info) {
  const int signo = info.signo();
  if ((kFaultSignals & bit(signo)) != 0) {
    const auto b = static_cast<uint32_t>(bit(signo));
    if ((held_bits_.load(std::memory_order_relaxed) & b) != 0) return;
    held_[signo - 1] = info;
    held_bits_.fetch_or(b, std::memory_order_release);
    return;
  }
  const uint32_t end = end_.load(std::memory_order_relaxed);
  if (end - first_.load(std::memory_order_relaxed) == kRoom) return;
  ring_[end % kRoom] = info;
  end_.store(end + 1, std::memory_order_release);
}

bool TakenSignals::pop(const SignalSet& mask, SignalInfo* out) {
  const uint32_t held = held_bits_.load(std::memory_order_acquire) & ~static_cast<uint32_t>(mask.bits[0]);
  if (held != 0) {
    const int n = __builtin_ctz(held);
    *out = held_[n];
    held_bits_.fetch_and(~(uint32_t{1} << n), std::memory_order_release);
    return true;
  }
  const uint32_t first = first_.load(std::memory_order_relaxed);
  if (first == end_.load(std::memory_order_acquire)) return false;
  *out = ring_[first % kRoom];
  first_.store(first + 1, std::memory_order_release);
  return true;
}

bool TakenSignals::empty(const SignalSet& mask) const {
  return first_.load(std::memory_order_relaxed) == end_.load(std::memory_order_acquire) &&
         (held_bits_.load(std::memory_order_acquire) & ~static_cast<uint32_t>(mask.bits[0])) == 0;
}

void TakenSignals::clear() {
  first_.store(end_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  held_bits_.store(0, std::memory_order_relaxed);
}

void TakenSignals::copy_from(const TakenSignals& other) {
  memcpy(static_cast<void*>(ring_), other.ring_, sizeof ring_);
  memcpy(static_cast<void*>(held_), other.held_, sizeof held_);
  first_.store(other.first_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  end_.store(other.end_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  held_bits_.store(other.held_bits_.load(std::memory_order_relaxed), std::memory_order_relaxed);
}

}  // namespace xarch::linux_user
