// Segment descriptors that a process sets: set_thread_area, get_thread_area, modify_ldt.
#pragma once

#include <memory>

#include "linux-user/syscall.h"
#include "targets/x86/core/state.h"

namespace xarch::x86 {

// The local descriptor table, which all threads of a process share.
class LocalDescriptors {
 public:
  LocalDescriptors();
  // Gives a thread's state the table. Before it runs.
  void attach(X86State& s) const;

  // modify_ldt(2): its result.
  int64_t modify(linux_user::Call& call, X86State& s);

 private:
  int64_t write(linux_user::Call& call, X86State& s, bool old_mode);

  struct Free {
    void operator()(uint64_t* p) const;
  };
  std::unique_ptr<uint64_t[], Free> entries_;
  unsigned used_ = 0;  // one more than the highest entry ever set
};

// set_thread_area(2), get_thread_area(2).
int64_t set_thread_area(linux_user::Call& call, X86State& s);
int64_t get_thread_area(linux_user::Call& call, X86State& s);

// The thread's segment as clone sets it: tls is the guest's pointer to a struct user_desc. False if it cannot
// be read or is none that a thread may have.
bool set_clone_tls(X86State& s, uint64_t tls);

}  // namespace xarch::x86
