package Demo::Picture;

# A small PNG image, drawn in squares: the smaller they are, the sharper it
# gets. An evening over hills.

use v5.36;
use Compress::Zlib qw(compress crc32);
use Exporter 'import';

our @EXPORT_OK = qw(draw);

use constant { WIDTH => 320, HEIGHT => 200 };

sub mix ($share, $from, $to)
{
	return [map { $from->[$_] + $share * ($to->[$_] - $from->[$_]) } 0 .. 2];
}

# The colour of a point; both coordinates from 0 to 1.
sub colour ($x, $y)
{
	my $near = 0.80 + 0.07 * sin(7 * $x + 1);
	my $far = 0.66 + 0.10 * sin(5 * $x + 4) * cos(3 * $x);
	my $sun = sqrt((1.6 * ($x - 0.64))**2 + ($y - 0.50)**2);

	return mix(($y - $near) * 4, [38, 70, 60], [16, 36, 40]) if $y > $near;
	return mix(($y - $far) * 4, [96, 92, 116], [60, 80, 92]) if $y > $far;
	return [255, 236, 170] if $sun < 0.12;
	my $sky = mix($y / 0.7, [40, 54, 120], [250, 150, 90]);

	return mix(0.8 * exp(-6 * ($sun - 0.12)), $sky, [255, 214, 140]);
}

sub chunk ($type, $data)
{
	return pack('N', length $data) . $type . $data
	    . pack('N', crc32($type . $data));
}

# The file's bytes, in squares of so many pixels.
sub draw ($square)
{
	my $rows = '';

	for (my $top = 0; $top < HEIGHT; $top += $square) {
		my $row = '';

		for (my $left = 0; $left < WIDTH; $left += $square) {
			my $rgb = colour(($left + $square / 2) / WIDTH,
			    ($top + $square / 2) / HEIGHT);

			$row .= pack('C3', map { $_ < 0 ? 0 : $_ > 255 ? 255
			    : $_ } @$rgb) x $square;
		}
		# each row begins with its filter: none
		my $line = "\0" . substr $row, 0, 3 * WIDTH;
		my $left = HEIGHT - $top;

		$rows .= $line x ($left < $square ? $left : $square);
	}
	return "\x89PNG\r\n\x1a\n"
	    . chunk('IHDR', pack('NNCCCCC', WIDTH, HEIGHT, 8, 2, 0, 0, 0))
	    . chunk('IDAT', compress($rows))
	    . chunk('IEND', '');
}

1;
