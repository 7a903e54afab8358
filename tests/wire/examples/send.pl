# Submits texts over SMPP with Net::SMPP and waits for their receipts.
#
# perl send.pl HOST PORT SYSTEM_ID PASSWORD [transmitter] < lines of "DESTINATION TEXT"

use strict;
use warnings;
use Encode qw(decode encode FB_CROAK LEAVE_SRC);
use Net::SMPP;

my ($host, $port, $system_id, $password, $mode) = @ARGV;
my $transmitter = ($mode // '') eq 'transmitter';
my %destination;    # sequence_number => destination of a submit_sm that is not answered yet
my %waiting;        # ids that a receipt is still to come for
$| = 1;

my $new = $transmitter ? 'new_transmitter' : 'new_transceiver';
my ($smpp, $answer) = Net::SMPP->$new($host, port => $port, system_id => $system_id, password => $password);
die "cannot connect: $!\n" if !$smpp;
die 'bind refused: ', $answer->explain_status, "\n" if $answer->status;
print "bound\n";

my $reference = 0;
while (my $line = <STDIN>) {
    my ($destination, $text) = decode('UTF-8', $line) =~ /^(\S+) (.*)$/;
    my $octets = eval { encode('gsm0338', $text, FB_CROAK | LEAVE_SRC) };
    my $data_coding = defined $octets ? 0 : 8;
    my ($single, $part) = (160, qr/\G(.{0,152}[^\x1b])/s);    # never ends between ESC and its character
    if ($data_coding == 8) {
        $octets = encode('UTF-16BE', $text);
        ($single, $part) = (140, qr/\G((?:..){0,66}[^\xd8-\xdb].)/s);    # nor inside a surrogate pair
    }
    my @parts = length $octets > $single ? $octets =~ /$part/g : ($octets);
    $reference = ($reference + 1) % 256;
    for my $number (1 .. @parts) {
        # The parts of a long text are numbered by the three SAR parameters.
        my @sar = @parts == 1 ? () : (
            sar_msg_ref_num     => pack('n', $reference),
            sar_total_segments  => pack('C', scalar @parts),
            sar_segment_seqnum  => pack('C', $number),
        );
        my $sequence = $smpp->submit_sm(
            async               => 1,
            source_addr_ton     => 5,
            source_addr         => 'Acme',
            dest_addr_ton       => 1,
            dest_addr_npi       => 1,
            destination_addr    => $destination,
            data_coding         => $data_coding,
            registered_delivery => 1,
            short_message       => $parts[$number - 1],
            @sar,
        );
        $destination{$sequence} = $destination;
    }
}

while (%destination || (%waiting && !$transmitter)) {
    my $pdu = $smpp->read_pdu or die "the connection is lost\n";
    if ($pdu->cmd == Net::SMPP::CMD_submit_sm_resp) {
        my $destination = delete $destination{ $pdu->seq };
        if ($pdu->status) {
            print "refused $destination ", $pdu->explain_status, "\n";
            next;
        }
        $waiting{ $pdu->message_id } = 1;
        print "submitted $destination ", $pdu->message_id, "\n";
    }
    elsif ($pdu->cmd == Net::SMPP::CMD_deliver_sm) {
        my ($id)   = $pdu->{short_message} =~ /\bid:(\S+)/;
        my ($stat) = $pdu->{short_message} =~ /\bstat:(\S+)/;
        delete $waiting{$id};
        print "receipt $id $stat\n";
        $smpp->deliver_sm_resp(seq => $pdu->seq, message_id => '');
    }
    elsif ($pdu->cmd == Net::SMPP::CMD_enquire_link) {
        $smpp->enquire_link_resp(seq => $pdu->seq);
    }
}

$smpp->unbind or die "the connection is lost\n";
print "unbound\n";
