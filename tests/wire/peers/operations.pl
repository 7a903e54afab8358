# Asks what Net::SMPP can ask about messages: a message that waits is queried, replaced and cancelled, another
# goes to several destinations, a third in a data_sm. Prints the status of each answer.
#
# perl operations.pl HOST PORT SYSTEM_ID PASSWORD < lines of destinations

use strict;
use warnings;
use Net::SMPP;

my ($host, $port, $system_id, $password) = @ARGV;
my @destinations = map {split} <STDIN>;
my @source = (source_addr => 'Acme', source_addr_ton => 5, source_addr_npi => 0);
$| = 1;

my ($smpp, $bound) = Net::SMPP->new_transceiver(
    $host, port => $port, system_id => $system_id, password => $password);
die "cannot connect: $!\n" if !$smpp;
die 'bind refused: ', $bound->explain_status, "\n" if $bound->status;

my $id = $smpp->submit_sm(
    @source,
    destination_addr       => $destinations[0],
    short_message          => 'before',
    schedule_delivery_time => '000000020000000R',
)->{message_id};
query($id);
print 'replace ', $smpp->replace_sm(@source, message_id => $id, short_message => 'after')->status, "\n";
print 'cancel ',
    $smpp->cancel_sm(@source, message_id => $id, destination_addr => $destinations[0])->status, "\n";
query($id);
query('00000000-0000-7000-8000-000000000000');

my $multi = $smpp->submit_multi(
    @source,
    dest_flag        => [(1) x @destinations, 2],
    destination_addr => [@destinations, 'friends'],
    short_message    => 'to all',
);
my @failed = map {"$multi->{destination_addr}[$_]:$multi->{error_status_code}[$_]"}
    0 .. $multi->{no_unsuccess} - 1;
print join(' ', 'multi', $multi->status, @failed), "\n";

print 'data ',
    $smpp->data_sm(@source, destination_addr => $destinations[0], message_payload => 'as data')->status, "\n";
$smpp->unbind or die "the connection is lost\n";

sub query {
    my $pdu = $smpp->query_sm(@source, message_id => $_[0]);
    print join(' ', 'query', $pdu->status, $pdu->status ? '-' : $pdu->{message_state}), "\n";
}
