// The parser of command lines by itself.
#include "frontend/options.h"

#include <gtest/gtest.h>
#include <stdlib.h>

namespace xarch {
namespace {

constexpr OptionSpec kSpecs[] = {
    {"-L", "DIR", OptionId::kSysroot, "a directory", "XARCH_OPTIONS_TEST"},
    {"-v", "", OptionId::kVersion, "no value"},
    {"--cpu", "MODEL", OptionId::kCpu, "a model"},
    {"--hidden", "", OptionId::kStats, ""},
};

// "name:value …|rest …", or the error.
std::string parsed(std::vector<std::string> words, bool double_dash_too = false) {
  std::vector<char*> pointers;
  for (std::string& w : words) pointers.push_back(w.data());
  Result<CommandLine> line = parse_options(kSpecs, pointers, double_dash_too);
  if (!line) return "error: " + line.error().message;
  std::string text;
  for (const GivenOption& g : line->options)
    text += std::string(g.spec->name) + ":" + std::string(g.value) + " ";
  text += "|";
  for (char* word : line->rest) text += " " + std::string(word);
  return text;
}

TEST(Options, Forms) {
  EXPECT_EQ(parsed({}), "|");
  EXPECT_EQ(parsed({"-L", "a", "prog", "-v"}), "-L:a | prog -v");
  EXPECT_EQ(parsed({"-La", "prog"}), "-L:a | prog");
  EXPECT_EQ(parsed({"--cpu", "x", "--cpu=y=z", "--cpu=", "prog"}), "--cpu:x --cpu:y=z --cpu: | prog");
  EXPECT_EQ(parsed({"-v", "--", "-v"}), "-v: | -v");
  EXPECT_EQ(parsed({"-", "-v"}), "| - -v") << "a lone dash is no option";
  EXPECT_EQ(parsed({"", "-v"}), "|  -v");
  EXPECT_EQ(parsed({"-L", "-v", "prog"}), "-L:-v | prog") << "a value may look like an option";
}

TEST(Options, Errors) {
  EXPECT_EQ(parsed({"-L"}), "error: option -L needs a value: DIR");
  EXPECT_EQ(parsed({"--cpux"}), "error: unknown option --cpux; did you mean --cpu?");
  EXPECT_EQ(parsed({"--cup=1"}), "error: unknown option --cup=1; did you mean --cpu?");
  EXPECT_EQ(parsed({"-v=1"}).substr(0, 25), "error: unknown option -v=");
  EXPECT_EQ(parsed({"-x"}), "error: unknown option -x; --help lists them");
}

TEST(Options, EnvironmentComesFirst) {
  setenv("XARCH_OPTIONS_TEST", "from env", 1);
  EXPECT_EQ(parsed({"-L", "a"}), "-L:from env -L:a |");
  unsetenv("XARCH_OPTIONS_TEST");
}

TEST(Options, Sizes) {
  EXPECT_EQ(*parse_size("-s", "4096"), 4096u);
  EXPECT_EQ(*parse_size("-s", "0x1000"), 4096u);
  EXPECT_EQ(*parse_size("-s", "4k"), 4096u);
  EXPECT_EQ(*parse_size("-s", "3M"), 3u << 20);
  EXPECT_EQ(*parse_size("-s", "17179869183G"), 17179869183ull << 30);
  for (const char* bad : {"", "K", "4q", "-4", "+4", " 4", "4 ", "17179869184G", "18446744073709551616"})
    EXPECT_FALSE(parse_size("-s", bad)) << bad;
}

TEST(Options, NearestName) {
  const std::string_view names[] = {"run", "cache", "doctor"};
  EXPECT_EQ(nearest_name("rnu", names), "run");
  EXPECT_EQ(nearest_name("cahce", names), "cache");
  EXPECT_EQ(nearest_name("doctr", names), "doctor");
  EXPECT_EQ(nearest_name("x", names), "");
  EXPECT_EQ(nearest_name("something", names), "");
}

TEST(Options, DescriptionListsWhatHasHelp) {
  const std::string text = describe_options(kSpecs);
  EXPECT_NE(text.find("  -L DIR "), std::string::npos);
  EXPECT_NE(text.find("[XARCH_OPTIONS_TEST]"), std::string::npos);
  EXPECT_EQ(text.find("--hidden"), std::string::npos);
}

}  // namespace
}  // namespace xarch
