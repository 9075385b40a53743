// Thread: a guest thread, which is a host thread with a vCPU.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include "linux-user/process.h"
#include "linux-user/signals.h"
#include "linux-user/syscall.h"

namespace xarch::linux_user {

// A pointer without its top byte, unless it is one into the kernel's half.
constexpr uint64_t clear_tag(uint64_t pointer) {
  return (pointer >> 55 & 1) == 0 ? pointer & (UINT64_MAX >> 8) : pointer;
}

// State of an interrupted call that restart_syscall goes on with.
struct RestartBlock {
  Handler handler = nullptr;  // called with the original call when the guest makes restart_syscall
  SyscallRegs regs;           // the original call
  const SyscallRow* row = nullptr;
  int64_t deadline_ns = 0;  // of the call's clock
};

class Thread {
 public:
  explicit Thread(Process& process);
  ~Thread();
  // The guest thread that runs on this host thread; null if none does. Async-signal-safe.
  static Thread* current();
  static void set_current(Thread* thread);

  Process& process() { return process_; }
  MemoryMap& mem() { return process_.mem(); }
  // The ABI of the call that is being made, or was made last: the process's own, but for a processor that has
  // another one's calls, too. What is no call's business asks the process.
  const UserAbi& abi() const { return *abi_; }
  tcg::Engine& engine() { return process_.engine(); }
  tcg::Vcpu& vcpu() { return *vcpu_; }
  void* state() { return vcpu_->state(); }
  SignalState& signals() { return signals_; }
  // The handlers that count for this thread: the process's, or a vfork child's own.
  SignalActions& actions() { return own_actions_ != nullptr ? *own_actions_ : process_.actions(); }
  RestartBlock& restart_block() { return restart_; }
  const SyscallRegs& last_call() const { return call_; }

  // Runs guest code until the thread ends (the process may end before). On the host thread the guest thread
  // is.
  void run();
  void request_exit() { exiting_ = true; }

  // ---- process and thread creation (thread_clone.cc). Results are clone's.
  struct CloneArgs {
    uint64_t flags = 0;  // the exit signal in its lowest byte
    uint64_t stack = 0;  // 0: the parent's stack pointer
    uint64_t parent_tid = 0, child_tid = 0, pidfd = 0;
    uint64_t tls = 0;
  };
  int64_t clone(const CloneArgs& args);
  // This host thread is the child of a vfork: it runs on the memory of its parent, which waits.
  bool in_vfork_child() const { return own_actions_ != nullptr; }

  // A64 programs may hand over pointers with tag bytes once they have asked for it (PR_SET_TAGGED_ADDR_CTRL).
  bool tagged_addresses = false;
  // The address that a pointer of the guest's to the kernel means.
  uint64_t untag(uint64_t pointer) const { return tagged_addresses ? clear_tag(pointer) : pointer; }

  // ---- guest memory: 0 or -EFAULT
  int copy_in(void* to, uint64_t from, size_t bytes);
  int copy_out(uint64_t to, const void* from, size_t bytes);
  template <typename T>
  int get(uint64_t from, T* out) {
    static_assert(std::is_trivially_copyable_v<T>);
    return copy_in(out, from, sizeof(T));
  }
  template <typename T>
  int put(uint64_t to, const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    return copy_out(to, &value, sizeof(T));
  }
  // Structs of structs.def, in the ABI's layout. find_layout: false if it is the host's.
  bool find_layout(StructId id, StructLayout* out) const;
  int get_struct(StructId id, uint64_t from, void* host);
  int put_struct(StructId id, uint64_t to, const void* host);
  template <typename T>
  int get_struct(uint64_t from, T* host) {
    static_assert(kStructId<T> != StructId::kNone);
    return get_struct(kStructId<T>, from, host);
  }
  template <typename T>
  int put_struct(uint64_t to, const T& host) {
    static_assert(kStructId<T> != StructId::kNone);
    return put_struct(kStructId<T>, to, &host);
  }
  // Bytes of a struct in guest memory.
  size_t guest_bytes(StructId id) const;
  // The guest's long, extended (without sign), and siginfo_t.
  unsigned word_bytes() const { return abi().info().elf_class == 2 ? 8 : 4; }
  int get_word(uint64_t from, uint64_t* value);
  int put_word(uint64_t to, uint64_t value);
  int get_siginfo(uint64_t from, siginfo_t* info);
  int put_siginfo(uint64_t to, const siginfo_t& info);
  // An array of the guest's `int`, in its byte order; at most 16 elements or nothing is copied.
  int put_ints(uint64_t to, const int* values, size_t count);
  int get_int(uint64_t from, int* value);
  // A NUL-terminated string of less than `max` bytes: 0, -EFAULT, or -ENAMETOOLONG if it is longer.
  int copy_string(std::string* out, uint64_t from, size_t max);

  // Set by clone and set_tid_address: cleared and woken at the thread's end.
  uint64_t clear_child_tid = 0;
  uint64_t robust_list = 0;
  pid_t tid = 0;  // the host's, which is the guest's

 private:
  friend struct CloneStart;
  int64_t clone_thread(const CloneArgs& args);
  int64_t clone_process(const CloneArgs& args);
  int64_t clone_vfork(const CloneArgs& args);
  void become_child(const CloneArgs& args);
  void do_syscall();
  void do_raise();
  void do_fault(bool fetch);

  Process& process_;
  const UserAbi* abi_;
  std::unique_ptr<tcg::Vcpu> vcpu_;
  SignalState signals_;
  RestartBlock restart_;
  SyscallRegs call_;
  SignalActions* own_actions_ = nullptr;
  bool exiting_ = false;
  bool forking_ = false;  // between Process::before_fork and after_fork
};

// The process ends: what its threads' robust lists hold is marked as left by its owner, where the host's
// kernel does not do so. By Thread::current().
void leave_robust_futexes(Process& process);

}  // namespace xarch::linux_user
