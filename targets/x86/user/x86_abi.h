// What the Linux ABIs of x86-64 and i386 have in common.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "linux-user/abi.h"
#include "targets/x86/core/guest.h"
#include "targets/x86/user/descriptors.h"

namespace xarch::x86 {

class X86Abi : public linux_user::UserAbi {
 public:
  // descriptors: of the process.
  explicit X86Abi(const Model& model,
                  std::shared_ptr<LocalDescriptors> descriptors = std::make_shared<LocalDescriptors>())
      : descriptors_(std::move(descriptors)), guest_(model) {}

  const tcg::Guest& guest() const override { return guest_; }
  uint64_t hwcap() const override;
  uint64_t hwcap2() const override;
  std::string cpuinfo(unsigned cpus) const override;

  void rewind_syscall(void* state, const linux_user::SyscallRegs& regs) const override;
  uint64_t pc(const void* state) const override { return at(state).pc; }
  uint64_t sp(const void* state) const override { return at(state).rsp; }
  void copy_for_clone(void* child, const void* parent) const override;

  linux_user::RaiseEffect on_raise(void* state, uint32_t code, uint64_t value) const override;
  uint64_t fault_error(int signo, int code, bool write, bool fetch, bool present) const override;

  int open_flags_to_host(int flags) const override { return flags; }
  int open_flags_to_guest(int flags) const override { return flags; }

 protected:
  static X86State& at(void* state) { return *static_cast<X86State*>(state); }
  static const X86State& at(const void* state) { return *static_cast<const X86State*>(state); }
  const Model& model() const { return guest_.model(); }
  // UserAbi::start, in 64-bit mode or in 32-bit mode.
  void start_in(void* state, uint64_t entry, uint64_t sp, bool code32) const;

  std::shared_ptr<LocalDescriptors> descriptors_;

 private:
  X86Guest guest_;
};

// The i386 ABI for the calls that a 64-bit process makes by it.
std::unique_ptr<linux_user::UserAbi> i386_calls(const Model& model,
                                                std::shared_ptr<LocalDescriptors> descriptors);

// Whether an ABI can run on a model.
using Runs = bool (*)(const Model&);
// Their names, separated by ", ".
std::string model_names(Runs runs);
// The model of that name (empty: the default one) for `abi`; the error names those there are.
Result<const Model*> model_for(std::string_view abi, std::string_view cpu, Runs runs);

// AbiFactory::make of an ABI class.
template <typename Abi>
Result<std::unique_ptr<linux_user::UserAbi>> make_abi(std::string_view name, std::string_view cpu,
                                                      Runs runs) {
  const auto model = model_for(name, cpu, runs);
  if (!model) return model.error();
  return std::unique_ptr<linux_user::UserAbi>(new Abi(**model));
}

}  // namespace xarch::x86
