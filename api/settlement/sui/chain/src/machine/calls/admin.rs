//! What the admin calls.

use super::{arity, stopped};
use crate::machine::{Done, Machine, Value, wrong};
use crate::objects::{Content, is, tag};
use crate::rules::house::open_house;
use sui_sdk_types::{CommandArgumentError, ExecutionError, MoveCall, Owner};

impl Machine<'_> {
    pub(super) fn house(&mut self, call: &MoveCall) -> Done<Vec<Value>> {
        let function = call.function.as_str();
        let arguments = match function {
            "migrate" => 2,
            "open_house" | "name_treasury" | "name_operator" | "revoke_operator" => 3,
            "announce_treasury" => 4,
            _ => return Err(ExecutionError::FunctionNotFound),
        };
        arity(call, 1, arguments)?;
        self.check_admin_cap(call)?;
        if function == "open_house" {
            return self.open_house(call);
        }
        let (id, mut house) = self.house_of(call, 1, true)?;
        let address = match function {
            "announce_treasury" | "name_operator" | "revoke_operator" => Some(self.given(call, 2)?),
            _ => None,
        };
        if function.ends_with("_treasury") {
            self.check_clock(call, arguments - 1)?;
        }
        let ctx = &mut self.context;
        let done = match (function, address) {
            ("announce_treasury", Some(treasury)) => house.announce_treasury(treasury, ctx),
            ("name_operator", Some(operator)) => house.name_operator(operator, ctx),
            ("revoke_operator", Some(operator)) => house.revoke_operator(operator, ctx),
            ("name_treasury", _) => house.name_treasury(ctx),
            _ => house.migrate(ctx),
        };
        done.map_err(|stop| stopped(stop, call))?;
        self.set_content(id, Content::House(house));
        Ok(Vec::new())
    }

    fn open_house(&mut self, call: &MoveCall) -> Done<Vec<Value>> {
        let (treasury, cent) = (self.given(call, 1)?, self.given(call, 2)?);
        let house = open_house(treasury, cent, &mut self.context).map_err(|stop| stopped(stop, call))?;
        let house_tag = tag(call.package, "house", "House", call.type_arguments.clone());
        self.put(house.id, house_tag, Owner::Shared(0), Content::House(house));
        Ok(Vec::new())
    }

    pub(super) fn upgrades(&mut self, call: &MoveCall) -> Done<Vec<Value>> {
        let function = call.function.as_str();
        let arguments = match function {
            "take_back" => 2,
            "authorise" => 3,
            "announce" => 4,
            _ => return Err(ExecutionError::FunctionNotFound),
        };
        arity(call, 0, arguments)?;
        self.check_admin_cap(call)?;
        if arguments > 2 {
            self.check_clock(call, arguments - 1)?;
        }
        let (id, Content::Upgrades(mut upgrades)) = self.ours(call, 1, "upgrades", "Upgrades", true)? else {
            return Err(wrong(1, CommandArgumentError::TypeMismatch));
        };
        let done = match function {
            "announce" => {
                let digest = self.given(call, 2)?;
                upgrades.announce(digest, &mut self.context)
            }
            "take_back" => upgrades.take_back(&mut self.context),
            _ => upgrades.authorise(&mut self.context).map(|_| ()),
        };
        done.map_err(|stop| stopped(stop, call))?;
        self.set_content(id, Content::Upgrades(upgrades));
        Ok(if function == "authorise" { vec![Value::Ticket] } else { Vec::new() })
    }

    fn check_admin_cap(&mut self, call: &MoveCall) -> Done<()> {
        let package = self.chain.genesis.package();
        let (_, item) = self.object(super::argument(call, 0)?, 0)?;
        let is_cap = is(&item.tag, package, "house", "AdminCap");
        if is_cap { Ok(()) } else { Err(wrong(0, CommandArgumentError::TypeMismatch)) }
    }
}
