#include "tcg/ir/ops.h"
#include "tcg/ir/state.h"

namespace xarch::ir {

namespace {

// Result letters of ops.def: T and A mean "the instruction's own type".
enum class Result : uint8_t {
  T,
  A,
  Void,
  I1,
  I8,
  I16,
  I32,
  I64,
  I128,
  Flags,
  F32,
  F64,
  F80,
  V64,
  V128,
  V256
};

constexpr Type fixed_type(Result r) {
  constexpr Type kTypes[] = {Type::kVoid, Type::kVoid, Type::kVoid, Type::kI1,    Type::kI8,  Type::kI16,
                             Type::kI32,  Type::kI64,  Type::kI128, Type::kFlags, Type::kF32, Type::kF64,
                             Type::kF80,  Type::kV64,  Type::kV128, Type::kV256};
  return kTypes[static_cast<int>(r)];
}

constexpr OpInfo make(std::string_view text, Result result, std::string_view operands, unsigned attributes) {
  if (operands == "-") operands = "";
  return OpInfo{text,
                operands,
                fixed_type(result),
                result == Result::T || result == Result::A,
                static_cast<uint16_t>(attributes),
                static_cast<uint8_t>(operands.size())};
}

constexpr OpInfo kInfo[] = {
#define OP(name, text, result, operands, attributes) make(text, Result::result, operands, attributes),
#include "tcg/ir/ops.def"
#undef OP
};

}  // namespace

const uint16_t kOpAttributes[] = {
#define OP(name, text, result, operands, attributes) static_cast<uint16_t>(attributes),
#include "tcg/ir/ops.def"
#undef OP
};

const unsigned kNumOps = sizeof kInfo / sizeof kInfo[0];
const OpInfo& op_info(Op op) { return kInfo[static_cast<unsigned>(op)]; }

}  // namespace xarch::ir
