# Hashes, regular expressions, sorting, sprintf, closures.
use strict;
use warnings;

my (%count, @words, $text);
my $state = 1;
for my $i (1 .. 40000) {
    $state = ($state * 1103515245 + 12345) & 0x7fffffff;
    my $word = join '', map { chr(97 + ($state >> $_) % 13) } (5, 12, 19);
    push @words, $word;
    $count{$word}++;
}
my @common = sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count;
print scalar(@common), " @common[0 .. 2]\n";
$text = join ' ', @words;
my $vowels = () = $text =~ /[aei]+/g;
(my $turned = $text) =~ s/(\w)(\w)(\w)/$3$2$1/g;
print "$vowels ", substr($turned, 100, 20), "\n";
my @counters = map { my $n = $_; sub { $n += shift } } 1 .. 10;
my $sum = 0;
$sum += $counters[$_ % 10]->($_) % 97 for 1 .. 100000;
printf "%d %.3f %s\n", $sum, sqrt $sum, join ',', map { sprintf '%04x', $_ * 17 } 1 .. 5;
