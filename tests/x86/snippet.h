// Runs a few bytes of x86 code, interpreted or through tier 1, on a state of the test's choice.
#pragma once

#include <cstring>
#include <new>
#include <vector>

#include "targets/x86/core/guest.h"
#include "targets/x86/core/raise.h"
#include "tests/support/region_runner.h"

namespace xarch::x86::test {

inline constexpr uint64_t kSnippet = 0x30000000;  // where it lies

class Snippet {
 public:
  explicit Snippet(const Model& model) : guest_(model), runner_(x86_layout()) {}

  // A fresh state in *(), the code's start in pc.
  X86State& fresh(bool code32 = false) {
    state_ = new (room_) X86State{};
    state_->reset(guest_.model(), code32);
    state_->pc = kSnippet;
    return *state_;
  }

  // Runs from pc until it leaves the code, or anything but a jump happens. True if the end was come to.
  bool run(const std::vector<uint8_t>& code, bool emitted) {
    raised = 0;
    Code reader(code);
    while (state_->pc >= kSnippet && state_->pc < kSnippet + code.size()) {
      ir::Builder b(&region_, x86_layout(), {state_->pc, guest_.mode(state_), 0});
      guest_.lift(b, reader, tcg::LiftLimits{});
      const xarch::testing::Outcome o =
          emitted ? runner_.emit_and_run(region_, &state_->hdr) : runner_.interpret(region_, &state_->hdr);
      if (o.reason == tcg::Exit::kLookup) continue;
      if (o.reason == tcg::Exit::kRaise && state_->hdr.exit_code == kRaiseGoOn) continue;
      raised = o.reason == tcg::Exit::kRaise ? state_->hdr.exit_code : ~0u;
      return false;
    }
    return true;
  }

  uint32_t raised = 0;  // RaiseCode; ~0: a fault, a system call

 private:
  class Code final : public tcg::CodeReader {
   public:
    explicit Code(const std::vector<uint8_t>& code) : code_(code) {}
    bool fetch(uint64_t pc, void* out, unsigned bytes) override {
      if (pc < kSnippet || pc + bytes > kSnippet + code_.size()) return false;
      std::memcpy(out, code_.data() + (pc - kSnippet), bytes);
      return true;
    }

   private:
    const std::vector<uint8_t>& code_;
  };

  X86Guest guest_;
  xarch::testing::RegionRunner runner_;
  ir::Region region_;
  alignas(64) uint8_t room_[sizeof(X86State)];
  X86State* state_ = nullptr;
};

}  // namespace xarch::x86::test
