// The builder: a random region written op by op, and the same one written through the builder, which folds,
// do the same; and what it folds looks as it should.
#include "tcg/ir/builder.h"
#include "tcg/ir/notes.h"

#include <gtest/gtest.h>

#include "tcg/ir/text.h"
#include "tcg/ir/verifier.h"
#include "tests/support/ir_runner.h"

namespace xarch::test {
namespace {

using ir::Builder;
using ir::Inst;
using ir::Op;
using ir::Region;
using ir::Type;
using ir::Value;

// Writes `from` again through a builder.
class Replay {
 public:
  Replay(const Region& from, Region* to) : from_(from), b_(to, *from.layout, from.key) {}

  void run() {
    for (Type t : from_.temps) b_.new_temp(t);
    // Names in the opposite order, so that finish() has to renumber.
    names_.assign(from_.blocks.size(), 0);
    for (size_t i = names_.size(); i-- > 1;) names_[i] = b_.new_block();
    values_.assign(from_.insts.size(), {});
    for (size_t i = 0; i < from_.blocks.size(); ++i) {
      if (i > 0) b_.start_block(names_[i]);
      for (uint32_t k = from_.blocks[i].first; k < from_.blocks[i].end; ++k)
        values_[k] = inst(from_.insts[k]);
    }
    b_.finish();
  }

 private:
  Value arg(const Inst& in, unsigned n) const { return values_[in.args[n]]; }
  Value inst(const Inst& in);
  Value leaf(const Inst& in);
  Value integer(const Inst& in);
  Value flags(const Inst& in);
  Value memory(const Inst& in);
  Value vector(const Inst& in);
  Value control(const Inst& in);
  ir::ExitAux exit(const Inst& in) {
    ir::ExitAux e = ir::ExitAux::unpack(in.aux);
    if (e.mode_change) e.mode_index = b_.exit_mode(from_.exit_modes[e.mode_index]);
    return e;
  }

  const Region& from_;
  Builder b_;
  std::vector<ir::BlockId> names_;
  std::vector<Value> values_;
};

Value Replay::leaf(const Inst& in) {
  const auto slot = static_cast<ir::SlotId>(in.aux);
  switch (in.op) {
    case Op::kConst: return b_.iconst(in.type, static_cast<uint64_t>(in.imm));
    case Op::kFlagsConst: return b_.flags_const(static_cast<uint16_t>(in.imm));
    case Op::kPcRel: return b_.pcrel(in.imm);
    case Op::kGet: return b_.get(slot);
    case Op::kPut: b_.put(slot, arg(in, 0)); return {};
    case Op::kGetIdx: return b_.get_idx(slot, arg(in, 0));
    case Op::kPutIdx: b_.put_idx(slot, arg(in, 0), arg(in, 1)); return {};
    case Op::kGetTmp: return b_.get_tmp(in.aux);
    case Op::kPutTmp: b_.put_tmp(in.aux, arg(in, 0)); return {};
    case Op::kInsn: b_.insn(in.imm, in.aux); return {};
    case Op::kRestart: b_.restart(); return {};
    default: return {};
  }
}

Value Replay::integer(const Inst& in) {
  const Value a = arg(in, 0);
  const unsigned lsb = in.aux & 255;
  const unsigned length = in.aux >> 8;
  switch (in.op) {
    case Op::kNeg:
    case Op::kNot:
    case Op::kClz:
    case Op::kCtz:
    case Op::kPopcnt:
    case Op::kBswap:
    case Op::kBitRev: return b_.unary(in.op, a);
    case Op::kAdc: return b_.adc(a, arg(in, 1), arg(in, 2));
    case Op::kSbb: return b_.sbb(a, arg(in, 1), arg(in, 2));
    case Op::kExtractU: return b_.extract_u(a, lsb, length);
    case Op::kExtractS: return b_.extract_s(a, lsb, length);
    case Op::kDeposit: return b_.deposit(a, arg(in, 1), lsb, length);
    case Op::kFunnelR: return b_.funnel_r(a, arg(in, 1), static_cast<unsigned>(in.imm));
    case Op::kZext: return b_.zext(a, in.type);
    case Op::kSext: return b_.sext(a, in.type);
    case Op::kTrunc: return b_.trunc(a, in.type);
    case Op::kPair: return b_.pair(a, arg(in, 1));
    case Op::kLo: return b_.lo(a);
    case Op::kHi: return b_.hi(a);
    default: return b_.binary(in.op, a, arg(in, 1));
  }
}

Value Replay::flags(const Inst& in) {
  const Value a = arg(in, 0);
  const bool flag = in.imm != 0;
  switch (in.op) {
    case Op::kCmp: return b_.cmp(static_cast<ir::Cond>(in.aux), a, arg(in, 1));
    case Op::kTestZ: return b_.test_z(a, arg(in, 1));
    case Op::kTestNz: return b_.test_nz(a, arg(in, 1));
    case Op::kSelect: return b_.select(a, arg(in, 1), arg(in, 2));
    case Op::kFlagsAdd: return b_.flags_add(a, arg(in, 1), flag);
    case Op::kFlagsAdc: return b_.flags_adc(a, arg(in, 1), arg(in, 2), flag);
    case Op::kFlagsSub: return b_.flags_sub(a, arg(in, 1), flag);
    case Op::kFlagsSbb: return b_.flags_sbb(a, arg(in, 1), arg(in, 2), flag);
    case Op::kFlagsLogic: return b_.flags_logic(a, flag);
    case Op::kFlagsPack: return b_.flags_pack(a, arg(in, 1), arg(in, 2), arg(in, 3));
    case Op::kFlagsSet: return b_.flags_set(a, static_cast<ir::FlagBits>(in.imm), arg(in, 1));
    default: return b_.flags_test(a, static_cast<ir::FlagCond>(in.aux));
  }
}

Value Replay::memory(const Inst& in) {
  const ir::MemDesc d = in.mem();
  switch (in.op) {
    case Op::kLoad: return b_.load(in.type, arg(in, 0), d, in.disp());
    case Op::kStore: b_.store(arg(in, 0), arg(in, 1), d, in.disp()); return {};
    case Op::kCas: return b_.cas(arg(in, 0), arg(in, 1), arg(in, 2), d, in.disp());
    case Op::kRmw: return b_.rmw(static_cast<ir::RmwOp>(in.aux), arg(in, 0), arg(in, 1), d, in.disp());
    case Op::kFenceOp: b_.fence(static_cast<ir::Fence>(in.aux)); return {};
    default: b_.probe(static_cast<ir::ProbeKind>(in.aux), arg(in, 0), d, in.disp()); return {};
  }
}

Value Replay::vector(const Inst& in) {
  const auto imm = static_cast<unsigned>(in.imm);
  switch (in.op) {
    case Op::kVConst: return b_.vconst(in.type, static_cast<uint64_t>(in.imm));
    case Op::kVDup: return b_.vdup(in.type, arg(in, 0), in.aux);
    case Op::kVExtract: return b_.vextract(in.type, arg(in, 0), in.aux, imm);
    case Op::kVInsert: return b_.vinsert(arg(in, 0), arg(in, 1), in.aux, imm);
    case Op::kVWidenU:
    case Op::kVWidenS:
      if (in.imm) return b_.vwiden(in.op == Op::kVWidenS, arg(in, 0), in.aux, true);
      return b_.vconvert(in.op, in.type, arg(in, 0), in.aux);
    case Op::kVMulLU:
    case Op::kVMulLS: return b_.vmull(in.op == Op::kVMulLS, arg(in, 0), arg(in, 1), in.aux, in.imm != 0);
    case Op::kVClMul: return b_.vclmul(arg(in, 0), arg(in, 1));
    case Op::kVSha256: return b_.vsha(in.op, arg(in, 0), arg(in, 1), arg(in, 2));
    case Op::kVSha1:
    case Op::kVSha256Msg1:
    case Op::kVSha256Msg2: return b_.vsha(in.op, arg(in, 0), arg(in, 1), {}, imm);
    case Op::kVStrIndex:
    case Op::kVStrMask:
    case Op::kFlagsStr:
      return b_.vstrings(in.op, arg(in, 0), arg(in, 1), in.args[2] == ir::kNoValue ? ir::Value{} : arg(in, 2),
                         imm);
    case Op::kVShuffle: return b_.vshuffle(arg(in, 0), arg(in, 1), in.imm != 0);
    case Op::kVMask: return b_.vmask(arg(in, 0), in.aux);
    case Op::kVBlend: return b_.vblend(arg(in, 0), arg(in, 1), in.aux, imm);
    case Op::kVBlendTop: return b_.vblend_top(arg(in, 0), arg(in, 1), arg(in, 2), in.aux);
    case Op::kVShuf2: return b_.vshuf2(arg(in, 0), arg(in, 1), in.aux, imm);
    case Op::kVSplat: return b_.vsplat(in.type, arg(in, 0), in.aux, imm);
    case Op::kVAny: return b_.vany(arg(in, 0));
    case Op::kVNarrow:
    case Op::kVAesEnc:
    case Op::kVAesDec:
    case Op::kVAesMix:
    case Op::kVAesIMix:
    case Op::kVAesRound:
    case Op::kVAesIRound:
    case Op::kVNarrowS:
    case Op::kVNarrowSU:
    case Op::kVLo:
    case Op::kVHi: return b_.vconvert(in.op, in.type, arg(in, 0), in.aux);
    case Op::kVPair: return b_.vpair(arg(in, 0), arg(in, 1));
    case Op::kBitcast: return b_.bitcast(arg(in, 0), in.type);
    default:
      if (in.args[1] == ir::kNoValue) return b_.vunary(in.op, arg(in, 0), in.aux, in.imm);
      return b_.vbinary(in.op, arg(in, 0), arg(in, 1), in.aux, in.imm);
  }
}

Value Replay::control(const Inst& in) {
  switch (in.op) {
    case Op::kCall: {
      const ir::HelperDesc& h = *from_.helpers[in.aux];
      if (in.args[2] == ir::kNoValue) return b_.call(h, in.type, {arg(in, 0), arg(in, 1)});
      return b_.call(h, in.type, {arg(in, 0), arg(in, 1), arg(in, 2), arg(in, 3)});
    }
    case Op::kBr: b_.br(names_[in.aux]); break;
    case Op::kCondBr: b_.cond_br(arg(in, 0), names_[in.aux], names_[static_cast<size_t>(in.imm)]); break;
    case Op::kGotoPc: b_.goto_pc(in.imm, exit(in)); break;
    case Op::kGotoInd: b_.goto_ind(arg(in, 0), exit(in)); break;
    case Op::kSyscall: b_.syscall(in.imm, in.aux); break;
    case Op::kRaise: b_.raise(in.imm, in.aux); break;
    case Op::kRaiseVal: b_.raise_val(in.imm, in.aux, arg(in, 0)); break;
    case Op::kHalt: b_.halt(in.imm); break;
    default: b_.poll(in.imm); break;
  }
  return {};
}

Value Replay::inst(const Inst& in) {
  if (in.op <= Op::kRestart) return leaf(in);
  if (in.op <= Op::kHi) return integer(in);
  if (in.op <= Op::kFlagsTest) return flags(in);
  if (in.op <= Op::kProbe) return memory(in);
  if (in.op <= Op::kBitcast) return vector(in);
  return control(in);
}

// Which op has other notes than take_notes would give it, if any.
std::string other_notes(const Region& region) {
  Region again = region;
  ir::take_notes(again);
  for (uint32_t i = 0; i < region.insts.size(); ++i) {
    const ir::Inst &a = region.insts[i], &b = again.insts[i];
    if (a.uses != b.uses || a.user != b.user || a.goes_to != b.goes_to || a.flags_until != b.flags_until ||
        a.low_users != b.low_users || a.marks != b.marks)
      return "op " + std::to_string(i) + ": " + ir::print_inst(region, i);
  }
  for (size_t b = 0; b < region.blocks.size(); ++b) {
    const ir::Block &x = region.blocks[b], &y = again.blocks[b];
    if (x.flags_entry != y.flags_entry || x.flags_end != y.flags_end) return "block " + std::to_string(b);
  }
  if (region.extended != again.extended || region.dead_code != again.dead_code) return "region";
  return "";
}

TEST(Builder, FoldedRegionsDoTheSame) {
  const RandomIrOptions options;
  IrRunner plain(options);
  IrRunner folded(options);
  Region from;
  Region to;
  size_t had = 0;
  size_t has = 0;
  for (uint64_t seed = 0; seed < 50000; ++seed) {
    random_region(seed, options, &from);
    Replay(from, &to).run();
    const Result<void> ok = ir::verify(to);
    ASSERT_TRUE(ok) << "seed " << seed << ": " << ok.error().message << "\n" << ir::print(to);
    ASSERT_EQ(other_notes(to), "") << "seed " << seed << "\n" << ir::print(to);
    plain.run(from, seed);
    folded.run(to, seed);
    ASSERT_EQ(plain.difference(folded), "") << "seed " << seed << "\n" << ir::print(from) << ir::print(to);
    had += from.insts.size();
    has += to.insts.size();
  }
  EXPECT_LT(has, had * 9 / 10) << "little is folded";
}

// What a lambda writes, as text: only the ops, one block.
template <typename F>
std::string built(F f) {
  Region region;
  Builder b(&region, random_layout(), {});
  f(b);
  b.halt(0);
  b.finish();
  std::string text;
  for (uint32_t i = 0; i + 1 < region.insts.size(); ++i) text += ir::print_inst(region, i) + "\n";
  return text;
}

ir::SlotId slot(std::string_view name) {
  const auto& slots = random_layout().slots;
  for (size_t i = 0; i < slots.size(); ++i) {
    if (slots[i].name == name) return static_cast<ir::SlotId>(i);
  }
  ADD_FAILURE() << name;
  return 0;
}

// Positions go on from region to region: before there are no more, they start over, and nothing is known from
// before.
TEST(Builder, PositionsStartOver) {
  Region region;
  const auto build = [&] {
    Builder b(&region, random_layout(), {});
    b.insn(0);
    b.put(slot("x1"), b.add(b.get(slot("x0")), 1));
    b.put(slot("x1"), b.get(slot("x1")));
    b.halt(0);
    b.finish();
    const Result<void> ok = ir::verify(region);
    EXPECT_TRUE(ok) << ok.error().message;
    EXPECT_EQ(other_notes(region), "");
    return ir::print(region);
  };
  const std::string text = build();
  region.scratch.position_base = Region::Scratch::kLastPosition - 2 * (uint32_t{ir::kNoValue} + 1);
  uint32_t before = 0;
  for (unsigned i = 0; i < 4; ++i) {
    EXPECT_EQ(build(), text) << i;
    if (region.scratch.position_base < before) return;
    before = region.scratch.position_base;
  }
  ADD_FAILURE() << "never";
}

TEST(Builder, ForwardsSlots) {
  EXPECT_EQ(built([](Builder& b) {
              const Value x = b.get(slot("x5"));
              b.put(slot("x6"), x);
              b.put(slot("x7"), b.get(slot("x6")));
              b.put(slot("x6"), b.get(slot("x7")));  // holds it already
            }),
            "%0 = get i64 x5\nput x6, %0\nput x7, %0\n");
}

// What it notes of the region besides the ops.
TEST(Builder, TellsJoinsAndLoops) {
  const auto note = [](auto write) {
    Region r;
    Builder b(&r, random_layout(), {0x1000, 0, 0});
    write(b);
    b.finish();
    return std::pair(r.joins, r.comes_back);
  };
  const auto fork = [](Builder& b, ir::BlockId* then, ir::BlockId* otherwise) {
    *then = b.new_block();
    *otherwise = b.new_block();
    b.cond_br(b.trunc(b.get(slot("x0")), Type::kI1), *then, *otherwise);
  };
  using Notes = std::pair<bool, bool>;
  EXPECT_EQ(note([](Builder& b) { b.goto_pc(4, {}); }), Notes(false, false));
  EXPECT_EQ(note([](Builder& b) { b.goto_pc(0, {}); }), Notes(false, true));
  EXPECT_EQ(note([](Builder& b) { b.goto_ind(b.pcrel(0), {}); }), Notes(false, true));
  EXPECT_EQ(note([&](Builder& b) {  // a tree
              ir::BlockId then, otherwise;
              fork(b, &then, &otherwise);
              b.start_block(otherwise);
              b.goto_pc(0, {});
              b.start_block(then);
              b.goto_pc(8, {});
            }),
            Notes(false, true));
  EXPECT_EQ(note([&](Builder& b) {  // one branch joins the other's way
              ir::BlockId then, otherwise;
              fork(b, &then, &otherwise);
              b.start_block(otherwise);
              b.br(then);
              b.start_block(then);
              b.goto_pc(8, {});
            }),
            Notes(true, false));
  EXPECT_EQ(note([&](Builder& b) {  // both ways of a branch are one block
              ir::BlockId then, otherwise;
              fork(b, &then, &otherwise);
              b.start_block(then);
              b.same_block(otherwise, then);
              b.goto_pc(8, {});
            }),
            Notes(true, false));
}

TEST(Builder, AliasesInvalidate) {
  EXPECT_EQ(built([](Builder& b) {
              const Value x = b.get(slot("x0"));
              const Value y = b.get(slot("x1"));
              b.put(slot("w0"), b.i32(1));
              b.put(slot("x2"), b.get(slot("x0")));
              b.put(slot("x3"), b.add(x, b.get(slot("x1"))));
              b.put(slot("x4"), y);
            }),
            "%0 = get i64 x0\n%1 = get i64 x1\n%2 = const i32 0x1\nput w0, %2\n%4 = get i64 x0\nput x2, %4\n"
            "%6 = add i64 %0, %1\nput x3, %6\nput x4, %1\n");
}

TEST(Builder, ArraysAndHelpersInvalidate) {
  EXPECT_EQ(built([](Builder& b) {
              const Value w = b.get(slot("win3"));
              const Value x = b.get(slot("x1"));
              const Value y = b.get(slot("x2"));
              b.put_idx(slot("win"), b.get(slot("w10")), w);
              b.get(slot("win3"));
              b.call(*random_helpers()[1], Type::kI64, {x, y});  // writes x1 only
              b.get(slot("x1"));
              b.get(slot("x2"));
              b.call(*random_helpers()[2], Type::kI64, {x, y});
              b.get(slot("x2"));
            }),
            "%0 = get i64 win3\n%1 = get i64 x1\n%2 = get i64 x2\n%3 = get i32 w10\nput_idx win[%3], %0\n"
            "%5 = get i64 win3\n%6 = call i64 swap, %1, %2\n%7 = get i64 x1\n%8 = call i64 any, %1, %2\n"
            "%9 = get i64 x2\n");
}

TEST(Builder, FoldsIdentities) {
  EXPECT_EQ(built([](Builder& b) {
              const Value x = b.get(slot("x5"));
              const Value less = b.sub(x, b.i64(4));
              b.put(slot("x6"), b.add(less, b.i64(0)));
              b.put(slot("x7"),
                    b.zext(b.trunc(b.zext(b.trunc(x, Type::kI32), Type::kI64), Type::kI32), Type::kI64));
              b.put(slot("x8"), b.xor_(x, x));
              b.put(slot("x9"), b.add(b.pcrel(8), 4));
            }),
            "%0 = get i64 x5\n%1 = const i64 0x4\n%2 = const i64 0xfffffffffffffffc\n%3 = add i64 %0, %2\n"
            "%4 = const i64 0x0\nput x6, %3\n%6 = trunc i32 %0\n%7 = zext i64 %6\nput x7, %7\n"
            "put x8, %4\n%10 = pcrel +8\n%11 = pcrel +12\nput x9, %11\n");
}

}  // namespace
}  // namespace xarch::test
