# Binds as receiver with Net::SMPP and unbinds after so many receipts.
#
# perl receive.pl HOST PORT SYSTEM_ID PASSWORD COUNT

use strict;
use warnings;
use Net::SMPP;

my ($host, $port, $system_id, $password, $count) = @ARGV;
$| = 1;

my ($smpp, $answer)
    = Net::SMPP->new_receiver($host, port => $port, system_id => $system_id, password => $password);
die "cannot connect: $!\n" if !$smpp;
die 'bind refused: ', $answer->explain_status, "\n" if $answer->status;
print "bound\n";

while ($count > 0) {
    my $pdu = $smpp->read_pdu or die "the connection is lost\n";
    if ($pdu->cmd == Net::SMPP::CMD_deliver_sm) {
        my ($id)   = $pdu->{short_message} =~ /\bid:(\S+)/;
        my ($stat) = $pdu->{short_message} =~ /\bstat:(\S+)/;
        print "receipt $id $stat\n";
        $smpp->deliver_sm_resp(seq => $pdu->seq, message_id => '');
        $count -= 1;
    }
    elsif ($pdu->cmd == Net::SMPP::CMD_enquire_link) {
        $smpp->enquire_link_resp(seq => $pdu->seq);
    }
}

$smpp->unbind or die "the connection is lost\n";
print "unbound\n";
