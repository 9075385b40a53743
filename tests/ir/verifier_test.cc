// The verifier refuses each kind of broken region, and says why.
#include "tcg/ir/verifier.h"

#include <gtest/gtest.h>

#include "tcg/ir/text.h"
#include "tests/support/random_ir.h"

namespace xarch::test {
namespace {

struct Broken {
  const char* text;    // ops of block 0 and perhaps more blocks
  const char* reason;  // what the message begins with, after "invalid IR: "
};

constexpr Broken kBroken[] = {
    {"insn +0\n", "the block has no terminator"},
    {"halt +0\nhalt +4\n", "an op behind the terminator"},
    {"%0 = const i8 0x100\nhalt +0\n", "the constant is wider than its type"},
    {"%0 = const v64 0x1\nhalt +0\n", "a constant of that type"},
    {"%0 = get i32 x1\nhalt +0\n", "the slot has another type: %0 = get i32 x1"},
    {"%0 = const i32 0x1\nput x1, %0\nhalt +0\n", "the slot has another type"},
    {"%0 = get_tmp i64 t0\nhalt +0\n", "no such temporary"},
    {"%0 = get i64 x1\n%1 = get i32 w0\n%2 = add i64 %0, %1\nhalt +0\n",
     "an operand has not the result's type"},
    {"%0 = get i64 x1\n%1 = get i32 w0\n%2 = cmp eq %0, %1\nhalt +0\n", "operands have different types"},
    {"%0 = get i64 x1\n%1 = add i64 %0\nhalt +0\n", "an operand is missing"},
    {"%0 = get i64 x1\n%1 = neg i64 %0, %0\nhalt +0\n", "too many operands"},
    {"%0 = get i64 x1\n%1 = select i64 %0, %0, %0\nhalt +0\n", "an operand is no i1"},
    {"%0 = get v128 q0\n%1 = add v128 %0, %0\nhalt +0\n", "not for that type"},
    {"%0 = get i8 b0\n%1 = clz i8 %0\nhalt +0\n", "for i32 and i64 only"},
    {"%0 = get i8 b0\n%1 = bswap i8 %0\nhalt +0\n", "for i16, i32 and i64 only"},
    {"%0 = get i64 x1\n%1 = extract.u i64 %0 lsb=60 length=5\nhalt +0\n", "bits outside of the value"},
    {"%0 = get i64 x1\n%1 = extract.u i64 %0 lsb=60\nhalt +0\n", "bits outside of the value"},
    {"%0 = get i64 x1\n%1 = funnelr i64 %0, %0 imm=64\nhalt +0\n", "the count is not below the width"},
    {"%0 = get i64 x1\n%1 = zext i32 %0\nhalt +0\n", "not to a wider integer type"},
    {"%0 = get i64 x1\n%1 = trunc i64 %0\nhalt +0\n", "not to a narrower integer type"},
    {"%0 = get i64 x1\n%1 = lo %0\nhalt +0\n", "for i128 only"},
    {"%0 = get v128 q0\n%1 = f.add v128 %0, %0 lane=1\nhalt +0\n", "not for that type or lane"},
    {"%0 = get f64 e1\n%1 = f.add f64 %0, %0 lane=2\nhalt +0\n", "not for that type or lane"},
    {"%0 = get v128 q0\n%1 = f.from_int v128 %0 lane=2\nhalt +0\n", "not for that type or lane"},
    {"%0 = get f32 s0\n%1 = f.to_int i32 %0 lane=2 imm=3\nhalt +0\n", "not for that type or lane"},
    {"%0 = get v128 q0\n%1 = f.fmah v128 %0, %0, %0 lane=4\nhalt +0\n", "not for that type or lane"},
    {"%0 = get v64 d0\n%1 = f.to_bf16 %0 lane=4\nhalt +0\n", "not for that type or lane"},
    {"%0 = get f32 s0\n%1 = f.sqrt f32 %0 lane=8\nhalt +0\n", "not for that type or lane"},
    {"%0 = get f64 e1\n%1 = f.round f64 %0 lane=8 imm=5\nhalt +0\n", "no such rounding"},
    {"%0 = get f64 e1\n%1 = f.to_int v64 %0 lane=8 imm=3\nhalt +0\n", "not for that type or lane"},
    {"%0 = get f64 e1\n%1 = f.cvt f32 %0 lane=4 imm=2\nhalt +0\n", "no such conversion"},
    {"insn +0\n%1 = get i32 w0\n%2 = load i64 [%1] bytes=8\nhalt +0\n", "the address is no i64"},
    {"insn +0\n%1 = get i64 x1\n%2 = load i32 [%1] bytes=8\nhalt +0\n", "the access is wider than the value"},
    {"insn +0\n%1 = get i64 x1\n%2 = load v64 [%1] bytes=4 signed\nhalt +0\n", "a sign where there is none"},
    {"insn +0\n%1 = get i64 x1\n%2 = load i32 [%1] bytes=2 elem=4\nhalt +0\n",
     "bad size, element or alignment"},
    {"insn +0\n%1 = get i64 x1\n%2 = load i32 [%1] bytes=4 elem=1\nhalt +0\n",
     "elements in a scalar, and no pair"},
    {"insn +0\n%1 = get i64 x1\n%2 = get i128 wide\n%3 = cas i128 [%1], %2, %2 bytes=16\nhalt +0\n",
     "16 bytes that are not whole and aligned"},
    {"insn +0\n%1 = get i64 x1\n%2 = load i1 [%1] bytes=1\nhalt +0\n", "not for that type"},
    {"insn +0\n%1 = get i64 x1\n%2 = get v64 d0\n%3 = rmw v64 add [%1], %2 bytes=8\nhalt +0\n",
     "not for that type"},
    {"%0 = get i64 x1\n%1 = v.dup v128 %0 lane=16\nhalt +0\n", "no such lane width"},
    {"%0 = get v128 q0\n%1 = v.shl v128 %0 lane=2 imm=16\nhalt +0\n",
     "the count is not below the lane's width"},
    {"%0 = get v128 q0\n%1 = v.min.u v128 %0, %0 lane=8\nhalt +0\n", "for lanes of 1, 2 and 4 bytes only"},
    {"%0 = get v128 q0\n%1 = v.extract i64 %0 lane=8 imm=2\nhalt +0\n", "no such lane"},
    {"%0 = get v128 q0\n%1 = v.extract i32 %0 lane=8\nhalt +0\n", "the lane is wider than the result"},
    {"%0 = get v64 d0\n%1 = v.narrow %0\nhalt +0\n", "not for that type or lane"},
    {"%0 = get v128 q0\n%1 = v.rev v128 %0 lane=4 imm=2\nhalt +0\n", "bad container"},
    {"%0 = get v64 d0\n%1 = v.zip1 v64 %0, %0 lane=8\nhalt +0\n", "a single lane"},
    {"%0 = get i64 x1\n%1 = bitcast f32 %0\nhalt +0\n", "between types that are not of a kind"},
    {"insn +0\n%1 = get v64 d0\n%2 = call i64 mix, %1\nhalt +0\n", "a helper's operand is no integer"},
    {"insn +0\n%1 = call v64 mix\nhalt +0\n", "a helper cannot return that type"},
    {"br block 1\n", "no such block"},
    {"goto_pc +0 jump mode=0\n", "no such exit mode"},
    {"goto_pc +0 jump dead=1\n", "no such list of dead slots"},
    // the guest instruction and the commit rule
    {"%0 = get i64 x1\n%1 = load i64 [%0] bytes=8\nhalt +0\n", "an op that may fault before the first insn"},
    {"insn +0\n%1 = get i64 x1\nput x2, %1\n%3 = load i64 [%1] bytes=8\nhalt +0\n",
     "an op that may fault after a slot of the same instruction was written: %3 = load"},
    {"insn +0\n%1 = get i64 x1\nput x2, %1\n%3 = call i64 any, %1\nhalt +0\n",
     "an op that may fault after a slot of the same instruction was written"},
    {"insn +0\n%1 = get i64 x1\nput x2, %1\npoll +0\nhalt +0\n",
     "a poll that repeats an instruction which has written a slot"},
    {"insn +0\n%1 = get i64 x1\nput x2, %1\nbr block 1\nblock 1:\n%0 = get i64 x1\n"
     "%1 = load i64 [%0] bytes=8\nhalt +0\n",
     "an op that may fault after a slot of the same instruction was written"},
    {"insn +0\n%1 = get i1 c\ncond_br %1, block 1, block 2\nblock 1:\ninsn +4\nhalt +0\nblock 2:\n"
     "%0 = get i64 x1\n%1 = load i64 [%0] bytes=8\nhalt +0\n",
     "the guest instruction of an op that may fault is not the last insn before it in the layout"},
};

TEST(Verifier, RefusesBrokenRegions) {
  for (const Broken& broken : kBroken) {
    ir::Region region;
    const std::string text = std::string("block 0:\n") + broken.text;
    const Result<void> parsed = ir::parse(text, random_layout(), random_helpers(), &region);
    ASSERT_TRUE(parsed) << parsed.error().message << "\n" << text;
    const Result<void> ok = ir::verify(region);
    ASSERT_FALSE(ok) << text;
    EXPECT_EQ(ok.error().message.find(std::string("invalid IR: ") + broken.reason), 0u)
        << ok.error().message << "\n"
        << text;
  }
}

TEST(Verifier, TakesWhatIsRight) {
  for (const char* text : {
           "insn +0\n%1 = get i64 x1\nput x2, %1\nrestart\n%4 = load i64 [%1] bytes=8\nhalt +0\n",
           "insn +0\n%1 = get i64 x1\nput x2, %1\ninsn +4\n%4 = load i64 [%1] bytes=8\nhalt +0\n",
           "insn +0\n%1 = get i64 x1\nput x2, %1\npoll +4\nhalt +0\n",
           "insn +0\n%1 = get i64 x1\nput x2, %1\n%3 = call i64 mix, %1\n%4 = call i64 swap, %1\nhalt +0\n",
           "insn +0\n%1 = get i1 c\ncond_br %1, block 1, block 2\nblock 1:\n%0 = get i64 x1\n"
           "%1 = load i64 [%0] bytes=8\nbr block 2\nblock 2:\n%0 = get i64 x1\n%1 = load i64 [%0] bytes=8\n"
           "halt +0\nnop\n",
       }) {
    ir::Region region;
    const Result<void> parsed =
        ir::parse(std::string("block 0:\n") + text, random_layout(), random_helpers(), &region);
    ASSERT_TRUE(parsed) << parsed.error().message;
    const Result<void> ok = ir::verify(region);
    EXPECT_TRUE(ok) << ok.error().message << "\n" << text;
  }
}

// What the text form cannot say.
TEST(Verifier, RefusesBrokenStructures) {
  const auto message = [](auto breaks) {
    ir::Region region;
    const Result<void> parsed = ir::parse(
        "block 0:\n insn +0\n %1 = get i64 x1\n br block 1\nblock 1:\n %4 = get i64 x1\n put x2, %4\n halt "
        "+0\n",
        random_layout(), {}, &region);
    EXPECT_TRUE(parsed);
    EXPECT_TRUE(ir::verify(region));
    breaks(region);
    const Result<void> ok = ir::verify(region);
    return ok ? std::string("nothing wrong") : ok.error().message.substr(0, ok.error().message.rfind(": "));
  };
  using ir::Region;
  EXPECT_EQ(message([](Region& r) { r.insts[4].args[0] = 1; }),
            "invalid IR: an operand is defined in another block");
  EXPECT_EQ(message([](Region& r) { r.insts[4].args[0] = 4; }), "invalid IR: an operand is defined later");
  EXPECT_EQ(message([](Region& r) { r.insts[4].args[0] = 900; }), "invalid IR: an operand is defined later");
  EXPECT_EQ(message([](Region& r) { r.insts[3] = {}; }), "invalid IR: an operand has no value");
  EXPECT_EQ(message([](Region& r) { r.insts[4].type = ir::Type::kI64; }), "invalid IR: wrong result type");
  EXPECT_EQ(message([](Region& r) { r.insts[1].type = ir::Type::kVoid; }), "invalid IR: no result type");
  EXPECT_EQ(message([](Region& r) { r.insts[1].aux = 999; }), "invalid IR: no such slot");
  EXPECT_EQ(message([](Region& r) { r.blocks[1].first = 2; }).substr(0, 39),
            "invalid IR: blocks are not contiguous");
  EXPECT_EQ(message([](Region& r) { r.blocks.clear(); }), "invalid IR");
  EXPECT_EQ(message([](Region& r) { r.insts[1].op = static_cast<ir::Op>(250); }), "invalid IR");
}

// Notes of a region, each made wrong in turn; right ones are those of thousands of random regions elsewhere.
TEST(Verifier, RefusesWrongNotes) {
  const auto message = [](auto breaks) {
    ir::Region region;
    const Result<void> parsed = ir::parse(
        "block 0:\n insn +0\n %1 = get i64 x1\n %2 = add i64 %1, %1\n %3 = load i64 [%1] bytes=8\n put x2, "
        "%2\n"
        " put x2, %3\n %6 = flags.const 0x0\n put flags, %6\n insn +4\n %9 = load i64 [%1] bytes=8\n"
        " put flags, %6\n halt +0\n",
        random_layout(), {}, &region);
    EXPECT_TRUE(parsed) << parsed.error().message;
    const Result<void> right = ir::verify(region);
    EXPECT_TRUE(right) << right.error().message;
    breaks(region);
    const Result<void> ok = ir::verify(region);
    return ok ? std::string("nothing wrong") : ok.error().message.substr(0, ok.error().message.rfind(": "));
  };
  using ir::Inst;
  using ir::Region;
  EXPECT_EQ(message([](Region& r) { ++r.insts[1].uses; }),
            "invalid IR: the note says another number of uses");
  EXPECT_EQ(message([](Region& r) { r.insts[2].goes_to = static_cast<ir::SlotId>(r.insts[4].aux); }),
            "invalid IR: a slot is needed before the value is there");
  EXPECT_EQ(message([](Region& r) {
              r.insts[5].marks |= Inst::kUnseen;
              --r.insts[3].uses;
            }),
            "invalid IR: what is put is seen");
  EXPECT_EQ(message([](Region& r) { r.insts[7].flags_until = 8; }),
            "invalid IR: a note says that nothing looks at the flags");
  EXPECT_EQ(message([](Region& r) { r.insts[7].flags_until = ir::kNoValue; }), "nothing wrong");
  EXPECT_EQ(message([](Region& r) { r.blocks[0].flags_entry = 2; }),
            "invalid IR: a note of the block says that nothing looks at the flags");
  EXPECT_EQ(message([](Region& r) { r.blocks[0].flags_end = 2; }),
            "invalid IR: a note of the block says that nothing looks at the flags");
}

}  // namespace
}  // namespace xarch::test
