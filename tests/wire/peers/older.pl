# Binds as a client of SMPP 3.3, submits, and says which optional parameters came back.
#
# perl older.pl HOST PORT SYSTEM_ID PASSWORD < lines of "DESTINATION TEXT"

use strict;
use warnings;
use Net::SMPP;

my ($host, $port, $system_id, $password) = @ARGV;
$| = 1;

my ($smpp, $answer) = Net::SMPP->new_transceiver(
    $host,
    port              => $port,
    system_id         => $system_id,
    password          => $password,
    interface_version => 0x33,
);
die "cannot connect: $!\n" if !$smpp;
die 'bind refused: ', $answer->explain_status, "\n" if $answer->status;
say_parameters('bound', $answer);

my ($destination, $text) = <STDIN> =~ /^(\S+) (.*)$/;
$smpp->submit_sm(
    async => 1, destination_addr => $destination, short_message => $text, registered_delivery => 1);
while (my $pdu = $smpp->read_pdu) {
    next if $pdu->cmd != Net::SMPP::CMD_deliver_sm;
    say_parameters($pdu->{short_message} =~ /\b(stat:\S+)/, $pdu);
    $smpp->deliver_sm_resp(seq => $pdu->seq, message_id => '');
    last;
}
$smpp->unbind or die "the connection is lost\n";

# Net::SMPP keeps each optional parameter under the number of its tag.
sub say_parameters {
    my ($what, $pdu) = @_;
    print join(' ', $what, sort { $a <=> $b } grep {/^\d+$/} keys %$pdu), "\n";
}
