package Demo::Story;

# What happens in the demo's job: its events, one after the other, with the
# pictures that belong to them.

use v5.36;
use Exporter 'import';
use File::Path qw(make_path);
use JSON::PP ();
use Time::HiRes qw(sleep);
use Demo::Picture qw(draw);

our @EXPORT_OK = qw(begin tell);

# "queued" comes with the job. squares: how fine each picture is.
my @events = (
	{ type => 'stage', stage => 'receive',
		message => 'Photo received, one garment found' },
	{ type => 'stage', stage => 'schedule', visibility => 'internal',
		message => 'worker 7 took the job; no client sees this' },
	{ type => 'stage', stage => 'draft', message => 'First draft',
		squares => [40], label => 'draft' },
	{ type => 'stage', stage => 'refine', message => 'Shapes are there',
		squares => [16], label => 'shapes' },
	{ type => 'stage', stage => 'refine', message => 'Details are coming',
		squares => [8], label => 'details' },
	{ type => 'stage', stage => 'light', message => 'Light and shadow',
		squares => [3], label => 'light' },
	{ type => 'stage', stage => 'review', message => 'Quality: 0.97 of 1',
		extra => { quality => 0.97 } },
	{ type => 'succeeded', message => 'Two images are ready',
		squares => [1, 2], role => 'final', label => 'evening',
		extra => { cost => { amount => '0.04', currency => 'EUR' } } },
);

my $json = JSON::PP->new->canonical;

sub quote ($text)
{
	return $text =~ s/'/''/gr =~ s/\A|\z/'/gr;
}

# Makes tenant, key and job: ($key, $public_id). $sql runs a statement as one
# of the roles.
sub begin ($sql)
{
	my $tenant = $sql->('jobtail_operator',
	    "SELECT jobtail.create_tenant('demo')");
	my $key = $sql->('jobtail_operator',
	    "SELECT jobtail.create_api_key($tenant)");
	my $request = $json->encode({ scene => 'an evening over hills',
		size => '320x200', photo_key => 'uploads/hidden.jpg' });
	my $job = $sql->('jobtail_producer', 'SELECT jobtail.create_job('
	    . "$tenant, 'CATALOG_RENDER', " . quote($request) . ')');

	return ($key, $job);
}

# Appends the events, each after a pause of so many seconds; pictures go to
# files below $root before anybody is told of them.
sub tell ($sql, $job, $root, $pause)
{
	my $n = 0;

	for my $event (@events) {
		sleep $pause;
		my $artifacts = artifacts($event, $root,
		    "demo/$job/" . ++$n);

		$sql->('jobtail_producer', append($job, $event, $artifacts));
	}
	return;
}

sub artifacts ($event, $root, $prefix)
{
	my $role = $event->{role} // 'intermediate';

	return [map {
		my $kind = $_ == 2 ? 'catalog_image' : 'on_model_render';

		save("$root/artifacts/$prefix-$kind.png", draw($_));
		{ key => "$prefix-$kind.png", kind => $kind, role => $role,
			label => $event->{label},
			meta => { width => 320, height => 200 } };
	} @{ $event->{squares} // [] }];
}

# A file is whole when it gets its name.
sub save ($path, $bytes)
{
	make_path($path =~ s{/[^/]*\z}{}r);
	open my $f, '>:raw', "$path.part" or die "$path.part: $!\n";
	print $f $bytes;
	close $f or die "$path.part: $!\n";
	rename "$path.part", $path or die "$path: $!\n";
	return;
}

sub append ($job, $event, $artifacts)
{
	my %arguments = (
		public_id => $job,
		event_type => $event->{type},
		message => $event->{message},
		artifacts => $json->encode($artifacts),
		extra => $json->encode($event->{extra} // {}),
		visibility => $event->{visibility} // 'public',
		$event->{stage} ? (stage => $event->{stage}) : (),
	);

	return 'SELECT jobtail.append_event(' . join(', ',
	    map { "$_ => " . quote($arguments{$_}) } sort keys %arguments)
	    . ')';
}

1;
