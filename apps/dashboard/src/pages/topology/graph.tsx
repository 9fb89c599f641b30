import type { Result } from '@hypermesh/client';
import { formatRate } from '../../format/numbers.ts';
import { formatDuration } from '../../format/times.ts';
import { between, drawing, frame, ring, type Spot, thickness } from './place.ts';

type Topology = Result<'topology'>;
type Member = Topology['members'][number];

/** With more members than this, lines carry no figures: the table has them. */
const mostFigures = 12;

/** The links of this node as a drawing: this node in the middle, the others around it. The table below says the same in words. */
export function Graph({ topology: { self, members } }: { readonly topology: Topology }) {
  const others = members.filter((member) => !member.self);
  const spots = ring(others.length);
  const middle: Spot = { x: drawing.width / 2, y: drawing.height / 2 };
  const connected = others.filter((member) => member.connected).length;
  return (
    <svg
      class="graph"
      viewBox={frame(spots)}
      role="img"
      aria-label={`${self.name} is linked to ${connected} of ${others.length} other members; the table below has each link`}
    >
      {others.map((member, at) => {
        const spot = spots[at] ?? middle;
        return (
          <g key={member.nodeId}>
            <line
              class={member.connected ? 'graph-link' : 'graph-link is-down'}
              x1={middle.x}
              y1={middle.y}
              x2={spot.x}
              y2={spot.y}
              stroke-width={thickness(member.rateInBps + member.rateOutBps)}
            />
            {others.length > mostFigures ? null : (
              <LinkFigures member={member} at={between(middle, spot, 0.52)} />
            )}
            <circle
              class={member.connected ? 'graph-node' : 'graph-node is-down'}
              cx={spot.x}
              cy={spot.y}
              r="9"
            />
            <text class="graph-name" x={spot.x} y={spot.y < middle.y - 1 ? spot.y - 18 : spot.y + 28}>
              {member.name}
            </text>
          </g>
        );
      })}
      <circle class="graph-node is-self" cx={middle.x} cy={middle.y} r="13" />
      <text class="graph-name is-self" x={middle.x} y={middle.y + 34}>
        {self.name}
      </text>
    </svg>
  );
}

function LinkFigures({ member, at }: { readonly member: Member; readonly at: Spot }) {
  const rate = member.rateInBps + member.rateOutBps;
  const words = member.connected
    ? [
        member.rttMs === null ? undefined : formatDuration(member.rttMs),
        rate < 1 ? undefined : formatRate(rate),
      ]
    : ['not connected'];
  const lines = words.filter((word) => word !== undefined);
  return (
    <text class="graph-figures" x={at.x} y={at.y - (lines.length - 1) * 7}>
      {lines.map((line, place) => (
        <tspan key={line} x={at.x} dy={place === 0 ? 4 : 15}>
          {line}
        </tspan>
      ))}
    </text>
  );
}
