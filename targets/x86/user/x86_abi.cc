#include "targets/x86/user/x86_abi.h"

#include <string.h>

#include "targets/x86/core/cpuid.h"
#include "targets/x86/user/cpu_info.h"
#include "targets/x86/user/traps.h"

namespace xarch::x86 {

uint64_t X86Abi::hwcap() const { return x86::hwcap(model()); }
uint64_t X86Abi::hwcap2() const { return x86::hwcap2(model()); }
std::string X86Abi::cpuinfo(unsigned cpus) const { return cpuinfo_text(model(), cpus); }

void X86Abi::rewind_syscall(void* state, const linux_user::SyscallRegs& regs) const {
  at(state).rax = regs.number;
  at(state).pc -= 2;
}

void X86Abi::copy_for_clone(void* child, const void* parent) const {
  constexpr size_t kHeader = sizeof(tcg::CpuHeader);
  memcpy(static_cast<char*>(child) + kHeader, static_cast<const char*>(parent) + kHeader,
         sizeof(X86State) - kHeader);
  at(child).rax = 0;
}

linux_user::RaiseEffect X86Abi::on_raise(void* state, uint32_t code, uint64_t value) const {
  return raise_effect(at(state), code, value);
}

uint64_t X86Abi::fault_error(int signo, int code, bool write, bool fetch, bool present) const {
  return page_fault_error(signo, code, write, fetch, present);
}

void X86Abi::start_in(void* state, uint64_t entry, uint64_t sp, bool code32) const {
  at(state).reset(model(), code32);
  at(state).pc = entry;
  at(state).rsp = sp;
  descriptors_->attach(at(state));
}

std::string model_names(Runs runs) {
  std::string names;
  for (const Model& m : models()) {
    if (runs(m)) names.append(names.empty() ? "" : ", ").append(m.name);
  }
  return names;
}

Result<const Model*> model_for(std::string_view abi, std::string_view cpu, Runs runs) {
  const Model* model = cpu.empty() ? &models().back() : find_model(cpu);
  if (model != nullptr && runs(*model)) return model;
  return Error{"no CPU model '" + std::string(cpu) + "' for " + std::string(abi) + "; there are " +
               model_names(runs)};
}

}  // namespace xarch::x86
