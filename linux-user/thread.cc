#include "linux-user/thread.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "linux-user/guest_copy.h"
#include "linux-user/stats.h"
#include "tcg/support/log.h"
#include "tcg/support/outside.h"

namespace xarch::linux_user {

namespace {
thread_local Thread* t_current = nullptr;
}

Thread* Thread::current() { return t_current; }
void Thread::set_current(Thread* thread) { t_current = thread; }

Thread::Thread(Process& process)
    : tid(static_cast<pid_t>(syscall(SYS_gettid))),
      process_(process),
      abi_(&process.abi()),
      vcpu_(process.engine().new_vcpu()) {
  std::lock_guard lock(process_.threads_mutex());
  process_.threads().push_back(this);
  if (process.stats() != nullptr) process.stats()->thread_begins();
}

Thread::~Thread() {
  std::lock_guard lock(process_.threads_mutex());
  if (process_.stats() != nullptr) process_.stats()->thread_ends();
  auto& all = process_.threads();
  all.erase(std::remove(all.begin(), all.end(), this), all.end());
}

void Thread::run() {
  t_current = this;
  while (!exiting_) {
    switch (engine().run(*vcpu_)) {
      case tcg::Exit::kSyscall: do_syscall(); break;
      case tcg::Exit::kRaise: do_raise(); break;
      case tcg::Exit::kFault: do_fault(false); break;
      case tcg::Exit::kFetch: do_fault(true); break;
      case tcg::Exit::kEvent: deliver_signals(*this, 0, false); break;
      case tcg::Exit::kHalt:
        force_signal(*this, SignalInfo::fault(SIGILL, ILL_PRVOPC, process_.abi().pc(state())));
        break;
      case tcg::Exit::kNone:
      case tcg::Exit::kLookup:
      case tcg::Exit::kLink: Log::fatal("xarch: the engine stopped without a reason");
    }
  }
  t_current = nullptr;
}

void Thread::do_syscall() {
  if (Outside* const o = Outside::current(); o != nullptr) o->reset();
  const uint32_t exit_code = vcpu_->header().exit_code;
  abi_ = &process_.abi().syscall_abi(state(), exit_code);
  call_ = abi_->syscall_regs(state(), exit_code);
  const int64_t result = dispatch_syscall(*this, call_);
  if (exiting_) return;
  const bool restart = result <= kRestartSys && result >= kRestartBlock;
  if (result != kRegistersSet && !restart) process_.abi().set_result(state(), result);
  if (restart || vcpu_->header().event.load(std::memory_order_relaxed) != 0)
    deliver_signals(*this, result, true);
}

void Thread::do_raise() {
  const tcg::CpuHeader& header = vcpu_->header();
  const RaiseEffect effect = process_.abi().on_raise(state(), header.exit_code, header.exit_value);
  if (effect.changed_bytes != 0) engine().invalidate(effect.changed_start, effect.changed_bytes, false);
  if (effect.signal.signo() != 0) force_signal(*this, effect.signal, 0, effect.error);
}

void Thread::do_fault(bool fetch) {
  const UserAbi& abi = process_.abi();
  if (fetch && abi.call_at(state(), &call_)) {
    abi_ = &abi;
    abi.set_result(state(), dispatch_syscall(*this, call_));
    return;
  }
  const tcg::FaultInfo& fault = vcpu_->fault();
  int signo = fetch && fault.signo == 0 ? SIGSEGV : fault.signo;
  int code = fault.code;
  uint64_t addr = fault.addr;
  bool present = false;
  if (fetch || signo == SIGSEGV) {
    // What the host says of the page may be due to write protection of ours or to a missing execute right of
    // none.
    Area area;
    if (signo == SIGSEGV && code != SI_KERNEL)
      code = mem().find(fault.addr, &area) ? SEGV_ACCERR : SEGV_MAPERR;
    present = code == SEGV_ACCERR && area.prot != 0;
    // The host reports no address for non-canonical ones; the guest's kernel does, or not.
    if (code == SI_KERNEL) code = SEGV_MAPERR;
    const bool canonical = static_cast<uint64_t>(static_cast<int64_t>(addr << 16) >> 16) == addr;
    if (!canonical && signo == SIGSEGV && abi.info().noncanonical_protection) {
      code = SI_KERNEL;
      addr = 0;
    }
  }
  force_signal(*this, SignalInfo::fault(signo, code, addr), addr,
               abi.fault_error(signo, code, fault.write, fetch, present));
}

int Thread::copy_in(void* to, uint64_t from, size_t bytes) {
  from = untag(from);
  if (!mem().in_range(from, bytes)) return -EFAULT;
  return xarch_guarded_copy(to, mem().host(from), bytes) == 0 ? 0 : -EFAULT;
}

int Thread::copy_out(uint64_t to, const void* from, size_t bytes) {
  to = untag(to);
  if (!mem().in_range(to, bytes)) return -EFAULT;
  // A page may be translated, and thus protected, again between the two steps.
  for (int attempt = 0; attempt < 4; ++attempt) {
    mem().before_write(to, bytes);
    if (xarch_guarded_copy(mem().host(to), from, bytes) == 0) return 0;
    if (!mem().allows(to, bytes, PROT_WRITE)) break;
  }
  return -EFAULT;
}

int Thread::put_ints(uint64_t to, const int* values, size_t count) {
  uint32_t swapped[16];
  if (count > 16) return -EFAULT;
  for (size_t i = 0; i < count; ++i) {
    const auto v = static_cast<uint32_t>(values[i]);
    swapped[i] = abi().info().big_endian ? __builtin_bswap32(v) : v;
  }
  return copy_out(to, swapped, count * 4);
}

int Thread::get_int(uint64_t from, int* value) {
  uint32_t v;
  if (copy_in(&v, from, 4) != 0) return -EFAULT;
  *value = static_cast<int>(abi().info().big_endian ? __builtin_bswap32(v) : v);
  return 0;
}

bool Thread::find_layout(StructId id, StructLayout* out) const {
  const LayoutTable* const table = abi().layouts();
  if (table == nullptr || id == StructId::kNone) return false;
  const bool of_time = id == StructId::k_timespec || id == StructId::k_timespec_pair ||
                       id == StructId::k_itimerspec || id == StructId::k_timex;
  if (of_time && call_.time64) return time64_layout(id, abi().info().big_endian, out);
  return table->find(id, out);
}

int Thread::get_struct(StructId id, uint64_t from, void* host) {
  StructLayout layout;
  if (!find_layout(id, &layout)) return copy_in(host, from, host_bytes(id));
  uint8_t bytes[kMostStructBytes];
  if (copy_in(bytes, from, layout.guest_bytes) != 0) return -EFAULT;
  struct_to_host(layout, abi().info().big_endian, bytes, host, host_bytes(id));
  return 0;
}

int Thread::put_struct(StructId id, uint64_t to, const void* host) {
  StructLayout layout;
  if (!find_layout(id, &layout)) return copy_out(to, host, host_bytes(id));
  uint8_t bytes[kMostStructBytes];
  struct_to_guest(layout, abi().info().big_endian, host, bytes);
  return copy_out(to, bytes, layout.guest_bytes);
}

size_t Thread::guest_bytes(StructId id) const {
  StructLayout layout;
  return find_layout(id, &layout) ? layout.guest_bytes : host_bytes(id);
}

int Thread::get_word(uint64_t from, uint64_t* value) {
  if (word_bytes() == 8) return get(from, value);
  int narrow;
  if (get_int(from, &narrow) != 0) return -EFAULT;
  *value = static_cast<uint32_t>(narrow);
  return 0;
}

int Thread::put_word(uint64_t to, uint64_t value) {
  if (word_bytes() == 8) return put(to, value);
  const int narrow = static_cast<int>(value);
  return put_ints(to, &narrow, 1);
}

int Thread::get_siginfo(uint64_t from, siginfo_t* info) {
  uint8_t bytes[sizeof *info];
  if (copy_in(bytes, from, sizeof bytes) != 0) return -EFAULT;
  abi().get_siginfo(bytes, info);
  return 0;
}

int Thread::put_siginfo(uint64_t to, const siginfo_t& info) {
  uint8_t bytes[sizeof info];
  abi().put_siginfo(info, bytes);
  return copy_out(to, bytes, sizeof bytes);
}

int Thread::copy_string(std::string* out, uint64_t from, size_t max) {
  out->clear();
  char buffer[256];
  while (out->size() < max) {
    // Never across a page: the string may end right before one that is not there.
    const size_t chunk = std::min({sizeof buffer, size_t{4096} - from % 4096, max - out->size()});
    if (copy_in(buffer, from, chunk) != 0) return -EFAULT;
    const size_t length = strnlen(buffer, chunk);
    out->append(buffer, length);
    if (length < chunk) return 0;
    from += chunk;
  }
  return -ENAMETOOLONG;
}

}  // namespace xarch::linux_user
