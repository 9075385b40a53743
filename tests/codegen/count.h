// Host code quality in numbers: translates a guest snippet with tier 1 and counts what comes out.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tcg/backend/x86_64/host_features.h"
#include "tcg/runtime/guest.h"
#include "tcg/support/result.h"

namespace xarch::test {

// Host instructions and bytes of one translation.
struct Counts {
  unsigned guest = 0;  // guest instructions translated
  unsigned hot = 0;    // host instructions from the entry to the first unconditional jump, that one included
  unsigned all = 0;    // host instructions in total, side exits included
  unsigned bytes = 0;
  std::string listing;  // the host code, a line per instruction
};

// A snippet of a case file with the numbers that may not be exceeded; 0: not limited.
struct SnippetCase {
  std::string name;
  std::string text;
  int line = 0;
  unsigned max_hot = 0;
  unsigned max_all = 0;
  unsigned max_bytes = 0;
};

// A case file: what it is for, and its snippets.
//
//   guest NAME MODE                  arm64, mips or mipsel; BlockKey::mode, 0 if left out; the first line
//   that is no
//                                    comment
//   [case_name] hot=N all=N bytes=N  starts a snippet; the limits are optional
//     instruction                    assembly, labels included, up to the next case
//   # comment                        at the beginning of a line
struct CaseFile {
  std::string guest;
  std::vector<SnippetCase> cases;
};

// The host features that counts are made for: those that processors of the last ten years share, so that
// counts do not depend on the machine that runs the test.
x86_64::HostFeatures common_features();
Result<CaseFile> read_cases(const std::string& path);

// A guest together with how to assemble for it.
class GuestUnderTest {
 public:
  // From a name, or "NAME MODE". Fails at an unknown one.
  static Result<std::unique_ptr<GuestUnderTest>> make(const std::string& name_and_mode);
  ~GuestUnderTest();

  const tcg::Guest& guest() const { return *guest_; }
  const std::string& triple() const { return triple_; }
  // BlockKey::mode that its snippets are translated with.
  uint32_t mode() const { return mode_; }

  // Fails if the snippet does not assemble, is not translated to its end, or has instructions that MC does
  // not know.
  Result<Counts> count(const std::string& text) const;

 private:
  GuestUnderTest() = default;
  static Result<std::unique_ptr<GuestUnderTest>> make_plain(const std::string& name);
  std::string triple_;
  std::string features_;
  std::string prologue_;  // directives before each snippet
  uint32_t mode_ = 0;     // BlockKey::mode
  std::unique_ptr<tcg::Guest> guest_;
  std::shared_ptr<const void> state_;  // of a vCPU that comes there, or null
};

}  // namespace xarch::test
