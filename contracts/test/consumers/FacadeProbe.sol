// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IApi3ReaderProxy} from "@api3/contracts/interfaces/IApi3ReaderProxy.sol";
import {IPyth} from "@pythnetwork/pyth-sdk-solidity/IPyth.sol";
import {IChronicle} from "../../interfaces/IChronicle.sol";

/// @title Measures what a consumer pays for one read through a facade: first (cold) and again (warm), decoding included.
contract FacadeProbe {
    function pyth(IPyth facade, bytes32 id) external view returns (uint256 cold, uint256 warm) {
        uint256 start = gasleft();
        facade.getPriceUnsafe(id);
        uint256 middle = gasleft();
        facade.getPriceUnsafe(id);
        return (start - middle, middle - gasleft());
    }

    function api3(IApi3ReaderProxy facade) external view returns (uint256 cold, uint256 warm) {
        uint256 start = gasleft();
        facade.read();
        uint256 middle = gasleft();
        facade.read();
        return (start - middle, middle - gasleft());
    }

    function chronicle(IChronicle facade) external view returns (uint256 cold, uint256 warm) {
        uint256 start = gasleft();
        facade.readWithAge();
        uint256 middle = gasleft();
        facade.readWithAge();
        return (start - middle, middle - gasleft());
    }
}
