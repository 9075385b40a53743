// Runs a single op in the interpreter.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "tcg/backend/interp/interp.h"
#include "tests/support/random_ir.h"

namespace xarch::test {

struct Wide {
  uint64_t lo = 0;
  uint64_t hi = 0;
  bool operator==(const Wide&) const = default;
};

struct Operand {
  ir::Type type;
  Wide value;
};

class OneOp {
 public:
  // The result of op on the operands, zero-extended to 128 bits.
  Wide run(ir::Op op, ir::Type result, std::vector<Operand> operands, uint32_t aux = 0, int64_t imm = 0) {
    region_.clear();
    region_.layout = &random_layout();
    random_state(1, &state_);
    state_.hdr.event = 0;
    ir::ValueId args[4] = {ir::kNoValue, ir::kNoValue, ir::kNoValue, ir::kNoValue};
    for (size_t n = 0; n < operands.size(); ++n) args[n] = operand(operands[n], static_cast<unsigned>(n));
    const ir::ValueId r = add(op, result, args[0], args[1], args[2], args[3], aux, imm);
    put(result, r);
    add(ir::Op::kHalt, ir::Type::kVoid);
    region_.blocks.push_back({0, static_cast<uint32_t>(region_.insts.size())});
    interpreter_.run(region_, &state_);
    return result_of(result);
  }

 private:
  ir::ValueId add(ir::Op op, ir::Type t, ir::ValueId a = ir::kNoValue, ir::ValueId b = ir::kNoValue,
                  ir::ValueId c = ir::kNoValue, ir::ValueId d = ir::kNoValue, uint32_t aux = 0,
                  int64_t imm = 0) {
    region_.insts.push_back({op, t, 0, {a, b, c, d}, aux, imm});
    return static_cast<ir::ValueId>(region_.insts.size() - 1);
  }
  ir::ValueId constant(ir::Type t, uint64_t v) {
    return add(ir::Op::kConst, t, ir::kNoValue, ir::kNoValue, ir::kNoValue, ir::kNoValue, 0,
               static_cast<int64_t>(v));
  }
  uint32_t slot(const char* name) {
    const auto& slots = random_layout().slots;
    for (size_t i = 0; i < slots.size(); ++i) {
      if (slots[i].name == name) return static_cast<uint32_t>(i);
    }
    return ~0u;
  }
  ir::ValueId operand(const Operand& o, unsigned n) {
    constexpr const char* kVectors[] = {"q0", "q1", "q2", "q3"};
    if (o.type == ir::Type::kI128) {
      const ir::ValueId lo = constant(ir::Type::kI64, o.value.lo);
      return add(ir::Op::kPair, o.type, lo, constant(ir::Type::kI64, o.value.hi));
    }
    if (o.type == ir::Type::kFlags) {
      return add(ir::Op::kFlagsConst, o.type, ir::kNoValue, ir::kNoValue, ir::kNoValue, ir::kNoValue, 0,
                 static_cast<int64_t>(o.value.lo));
    }
    if (!ir::is_vector(o.type)) return constant(o.type, o.value.lo);
    state_.q[n][0] = o.value.lo;
    state_.q[n][1] = o.value.hi;
    const ir::ValueId q = add(ir::Op::kGet, ir::Type::kV128, ir::kNoValue, ir::kNoValue, ir::kNoValue,
                              ir::kNoValue, slot(kVectors[n]));
    return o.type == ir::Type::kV64 ? add(ir::Op::kVLo, o.type, q) : q;
  }
  void put(ir::Type t, ir::ValueId v) {
    const char* name = "x5";
    if (t == ir::Type::kFlags) name = "flags";
    if (t == ir::Type::kI128) name = "wide";
    if (t == ir::Type::kV64) name = "d0";
    if (t == ir::Type::kV128) name = "q3";
    if (t == ir::Type::kF32) name = "s0";
    if (t == ir::Type::kF64) name = "e1";
    if (t < ir::Type::kI64) v = add(ir::Op::kZext, ir::Type::kI64, v);
    add(ir::Op::kPut, ir::Type::kVoid, v, ir::kNoValue, ir::kNoValue, ir::kNoValue, slot(name));
  }
  Wide result_of(ir::Type t) const {
    switch (t) {
      case ir::Type::kFlags: return {state_.flags, 0};
      case ir::Type::kI128: return {state_.wide[0], state_.wide[1]};
      case ir::Type::kV64: return {state_.q[0][0], 0};
      case ir::Type::kF32: return {static_cast<uint32_t>(state_.q[0][0]), 0};
      case ir::Type::kF64: return {state_.q[1][0], 0};
      case ir::Type::kV128: return {state_.q[3][0], state_.q[3][1]};
      default: return {state_.x[5], 0};
    }
  }

  tcg::FlatInterpMemory memory_;
  tcg::Interpreter interpreter_{memory_};
  ir::Region region_;
  RandomState state_{};
};

}  // namespace xarch::test
