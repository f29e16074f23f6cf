# The tree of sources that the guards look at, and copies of it with faults.
package Tree;

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use File::Find ();
use File::Path qw(make_path);
use File::Temp ();

our @EXPORT = qw(top slurp files_below tracked_files plant);

# The folder that configure stands in.
sub top
{
	return abs_path($ENV{top_srcdir} // dirname(__FILE__) . '/../..');
}

sub slurp
{
	my ($path) = @_;

	open my $in, '<:raw', $path or die "$path: $!\n";
	local $/;
	return scalar <$in>;
}

# Paths, from the top, of the files below a folder whose names match.
sub files_below
{
	my ($top, $folder, $name) = @_;
	my @found;

	return () if !-d "$top/$folder";
	File::Find::find(
	    {
		no_chdir => 1,
		wanted   => sub {
			my $path = substr $_, length("$top/");
			push @found, $path if -f $_ && $path =~ $name;
		},
	    },
	    "$top/$folder");
	return sort @found;
}

# What git knows; in a tree that was unpacked, what was distributed.
sub tracked_files
{
	my ($top) = @_;
	my @found;

	if (-e "$top/.git") {
		open my $git, '-|', 'git', '-C', $top, 'ls-files'
		    or die "git: $!\n";
		chomp(@found = <$git>);
		close $git;
	}
	if (!@found) {
		opendir my $dir, $top or die "$top: $!\n";
		@found = grep {
			-f "$top/$_"
			    && !/^(?:config\.|Makefile(?:\.in)?$|configure|aclocal)/
		} readdir $dir;
		closedir $dir;
		push @found, map { files_below($top, $_, qr/./) }
		    qw(apache man nginx sql src systemd t);
		@found = grep { !m{/\.d|/node_modules/|\.o$|\.a$} } @found;
	}
	return grep { -f "$top/$_" && -T _ } sort @found;
}

# A copy of the files in a folder that goes away with the object; in the one
# named, the first match of a pattern is replaced, or, without a pattern, the
# text is appended. What is not there yet is made.
sub plant
{
	my ($top, $files, $path, $text, $pattern) = @_;
	my $copy = File::Temp->newdir('guard.XXXXXX', TMPDIR => 1);

	for my $file (@$files, $path) {
		my $body = -e "$top/$file" ? slurp("$top/$file") : '';

		if ($file eq $path && defined $pattern) {
			$body =~ s/$pattern/$text/
			    or die "$path has nothing to replace\n";
		} elsif ($file eq $path) {
			$body .= $text;
		}
		make_path(dirname("$copy/$file"));
		open my $out, '>:raw', "$copy/$file" or die "$file: $!\n";
		print {$out} $body;
		close $out or die "$file: $!\n";
	}
	return $copy;
}

1;
