# An SMSC made with Net::SMPP: takes messages, says what it read, and sends a receipt for each.
#
# perl smsc.pl SYSTEM_ID PASSWORD

use strict;
use warnings;
use Encode qw(decode encode);
use Net::SMPP;

my ($system_id, $password) = @ARGV;
my $taken = 0;
$| = 1;
binmode STDOUT, ':encoding(UTF-8)';

my $server = Net::SMPP->new_listen('127.0.0.1', port => 0, timeout => undef) or die "cannot listen: $!\n";
print 'listening ', $server->sockport, "\n";
my $session = $server->accept or die "nobody came: $!\n";

while (my $pdu = $session->read_pdu) {
    my $command = $pdu->cmd;
    if ($command == Net::SMPP::CMD_bind_transceiver) {
        my $known = $pdu->{system_id} eq $system_id && $pdu->{password} eq $password;
        $session->bind_transceiver_resp(
            seq => $pdu->seq, status => $known ? 0 : 0x0e, system_id => 'perl');
        print $known ? 'bound' : 'refused', " $pdu->{system_id}\n";
    }
    elsif ($command == Net::SMPP::CMD_submit_sm) {
        my $id = 'perl-' . ++$taken;
        my ($place, $octets) = place_of($pdu);
        my $text = decode($pdu->{data_coding} == 8 ? 'UTF-16BE' : 'gsm0338', $octets);
        print "message $pdu->{destination_addr} $pdu->{data_coding} $place $text\n";
        $session->submit_sm_resp(seq => $pdu->seq, message_id => $id);
        $session->deliver_sm(
            async                => 1,
            source_addr          => $pdu->{destination_addr},
            destination_addr     => $pdu->{source_addr},
            esm_class            => 0x04,
            short_message        => "id:$id sub:001 dlvrd:001 submit date:2601021530 done date:2601021530"
                . ' stat:DELIVRD err:000 text:',
            receipted_message_id => "$id\0",
            message_state        => pack('C', 2),
        );
    }
    elsif ($command == Net::SMPP::CMD_deliver_sm_resp) {
        print 'acknowledged ', $pdu->seq, ' ', $pdu->status, "\n";
    }
    elsif ($command == Net::SMPP::CMD_enquire_link) {
        $session->enquire_link_resp(seq => $pdu->seq);
        print "asked\n";
    }
    elsif ($command == Net::SMPP::CMD_unbind) {
        $session->unbind_resp(seq => $pdu->seq);
        print "unbound\n";
        last;
    }
}

# Where a part belongs (how it is numbered, the reference, the total and the number), and its octets.
sub place_of {
    my ($pdu) = @_;
    my $octets = $pdu->{short_message};
    return ('payload:0:1:1', $pdu->{message_payload}) if defined $pdu->{message_payload};
    if (defined $pdu->{sar_msg_ref_num}) {
        my @sar = map { unpack length $_ == 2 ? 'n' : 'C', $_ }
            @{$pdu}{qw(sar_msg_ref_num sar_total_segments sar_segment_seqnum)};
        return (join(':', 'sar', @sar), $octets);
    }
    return ('whole:0:1:1', $octets) if !($pdu->{esm_class} & 0x40);
    my ($header, $body) = unpack 'C/a a*', $octets;
    my ($kind, $length) = unpack 'CC', $header;
    my @place = unpack $kind == 8 ? 'x2nCC' : 'x2CCC', $header;
    return (join(':', $kind == 8 ? 'udh16' : 'udh8', @place), $body);
}
