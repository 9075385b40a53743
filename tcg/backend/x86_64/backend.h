// The x86-64 backend as the runtime sees it.
#pragma once

#include <cstring>
#include <memory>

#include "tcg/backend/backend.h"
#include "tcg/backend/x86_64/codegen.h"
#include "tcg/backend/x86_64/host_features.h"
#include "tcg/backend/x86_64/operand_decode.h"
#include "tcg/support/result.h"

namespace xarch::x86_64 {

class Backend : public tcg::Backend {
 public:
  explicit Backend(const HostFeatures& features) : features_(features) {}

  tcg::Stubs emit_stubs(const tcg::BackendConfig& config, uint8_t** code, uint8_t* end) override;
  void emit_thunk(uint8_t* at) override;
  tcg::CompileResult compile(const ir::Region& region, tcg::CodeSpace& space) override;
  bool recover(const uint8_t* recovery, uint32_t recovery_bytes, const uint8_t* code, uint32_t offset,
               uint64_t pc, const ucontext_t& context, tcg::CpuHeader* state,
               tcg::FaultSite* site) const override;
  bool complete_fp(const uint8_t* recovery, uint32_t recovery_bytes, const uint8_t* code, uint32_t offset,
                   ucontext_t* context, tcg::CpuHeader* state) const override;
  uint32_t restore_of_call(const uint8_t* recovery, uint32_t recovery_bytes, uint32_t offset) const override;

 private:
  void restore_slots(const SlotPlace* places, unsigned n, uint64_t pc, const ucontext_t& context,
                     tcg::CpuHeader* state) const;

  HostFeatures features_;
  tcg::BackendConfig config_;
  std::unique_ptr<LayoutInfo> info_;
  std::unique_ptr<CodeGen> codegen_;
};

// A backend for this host; fails if the host is below x86-64-v2.
Result<std::unique_ptr<tcg::Backend>> make_backend();

}  // namespace xarch::x86_64
