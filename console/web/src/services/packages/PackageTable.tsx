import { Button, explain, Failed, formatCount, SkeletonRows } from "@suiftly/ui";
import type { SealKeyView, ServiceView } from "@suiftly/ui/api/customer";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { standing } from "../configure/choice";
import { packagesQuery } from "../queries";
import { AddPackage } from "./AddPackage";
import { PackageRow } from "./PackageRow";

interface PackageTableProps {
  service: ServiceView;
  sealKey: SealKeyView;
}

export function PackageTable({ service, sealKey }: PackageTableProps) {
  const { data, error, refetch } = useQuery(packagesQuery(sealKey.id));
  const [adding, setAdding] = useState(false);
  return (
    <div className="packages">
      {error !== null && (
        <Failed
          what="Its packages did not load"
          problem={explain(error)}
          onRetry={() => void refetch()}
        />
      )}
      {data === undefined && error === null && <SkeletonRows rows={2} columns={3} />}
      {data && data.length > 0 && (
        <table className="table" data-phone="rows">
          <thead>
            <tr>
              <th scope="col">Package</th>
              <th scope="col">Address</th>
              <th scope="col">Enabled</th>
              <th scope="col">
                <span className="visually-hidden">Acts</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {data.map((one) => (
              <PackageRow key={one.id} one={one} />
            ))}
          </tbody>
        </table>
      )}
      {data?.length === 0 && (
        <p className="text-13 text-ink-2">
          No packages yet. Without one nobody is served with this key.
        </p>
      )}
      <More service={service} sealKey={sealKey} onAdd={() => setAdding(true)} />
      {adding && <AddPackage sealKey={sealKey} onClose={() => setAdding(false)} />}
    </div>
  );
}

interface MoreProps extends PackageTableProps {
  onAdd: () => void;
}

/** Another package, or, where no slot is left, the way to one. */
function More({ service, sealKey, onAdd }: MoreProps) {
  const { included } = service.offer;
  const { used, allowed } = service.extra_packages;
  const hasOwn = sealKey.packages < included.packages_per_seal_key;
  const isMost = sealKey.packages >= included.packages_per_seal_key_max;
  if (isMost) {
    return (
      <p className="packages-more">
        It has {formatCount(sealKey.packages)} packages, the most a seal key can have.
      </p>
    );
  }
  if (hasOwn || used < allowed) {
    return (
      <p className="packages-more">
        <Button size="small" onClick={onAdd}>
          Add a package
        </Button>
      </p>
    );
  }
  return (
    <p className="packages-more">
      {allowed === 0
        ? "Its included packages are used."
        : `Its included packages are used, and ${formatCount(used)} of the ${formatCount(allowed)} more that all keys share.`}{" "}
      <Link
        to="/services/$service/configure"
        params={{ service: service.service }}
        search={{ extra_packages: standing(service).extra_packages + 1 }}
        className="link"
      >
        Book one more
      </Link>
    </p>
  );
}
